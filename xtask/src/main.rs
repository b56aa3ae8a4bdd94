//! `cargo xtask`: the one runner for setup, demonstration, tests, checks and benchmarks.

mod bench;
mod cargo;
mod ci;
mod demo;
mod fuzz;
mod setup;
mod test;
mod tidy;
mod weights;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

/// The project's task runner.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Find or install what a build needs and write .cargo/setup.toml (every other task but tidy
    /// does this first).
    Setup,
    /// Run the demonstration: one mining node, two trainers, one model.
    Demo {
        /// Passed on to fedchain-demo: --task diabetes|wine|optimality, --out DIR.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Build everything and run the tests.
    Test {
        /// Only those of this folder in tests/, such as network.
        folder: Option<String>,
        /// Also run the heavy tests, which are marked `#[ignore]`.
        #[arg(long)]
        all: bool,
    },
    /// Run every check a change must pass: format, tidy, tests, clippy.
    Ci,
    /// Run the benchmarks.
    Bench {
        /// Run this one only.
        name: Option<OsString>,
    },
    /// Measure what the pallets' calls and hooks weigh, and write their weights/measured.rs.
    Weights {
        /// This pallet only, by its folder.
        pallet: Option<String>,
    },
    /// Fuzz one target, calls, decoders or headers, and add what is found to its corpus.
    Fuzz {
        /// calls, decoders or headers.
        target: String,
        /// How long.
        #[arg(long, default_value_t = 60)]
        minutes: u32,
    },
    /// Check the style rules that rustfmt and clippy do not know.
    Tidy,
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Setup => setup::everything(),
        Task::Demo { args } => demo::run(&args),
        Task::Test { folder, all } => test::run(folder.as_deref(), all),
        Task::Ci => ci::run(),
        Task::Bench { name } => bench::run(name),
        Task::Weights { pallet } => weights::run(pallet.as_deref()),
        Task::Fuzz { target, minutes } => fuzz::run(&target, minutes),
        Task::Tidy => tidy::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
