//! `cargo xtask ci`: every check that a change must pass, cheapest first.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result};

use crate::{
    cargo::{cargo, output, run as execute},
    setup, test, tidy, weights,
};

type Step = (&'static str, fn() -> Result<()>);

/// Tests come before clippy because both need the dependencies' build scripts, and tests their
/// compiled code as well.
const STEPS: [Step; 6] = [
    ("setup", setup_all),
    ("format", format),
    ("tidy", tidy::run),
    ("test", || test::run(None, false)),
    ("clippy", clippy),
    ("benchmarks of weights", weights::build),
];

/// Runs all steps, stops at the first that fails, and prints how long each took.
pub fn run() -> Result<()> {
    for (name, step) in STEPS {
        println!("ci: {name}");
        let start = Instant::now();
        let result = step();
        println!("ci: {name} took {} s", start.elapsed().as_secs());
        result.with_context(|| format!("ci step {name}"))?;
    }
    Ok(())
}

fn setup_all() -> Result<()> {
    setup::everything()?;
    component("fmt", "rustfmt")?;
    component("clippy", "clippy")
}

/// Makes `cargo NAME` work, from rustup's `component` if need be.
fn component(name: &str, component: &str) -> Result<()> {
    if output(cargo()?.args([name, "--version"])).is_ok() {
        return Ok(());
    }
    println!("setup: adding the rustup component {component}");
    output(Command::new("rustup").args(["component", "add", component])).with_context(|| {
        format!("`cargo {name}` is missing: `rustup component add {component}`")
    })?;
    Ok(())
}

fn format() -> Result<()> {
    execute(cargo()?.args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    execute(cargo()?.args("clippy --release --workspace --all-targets -- -D warnings".split(' ')))
}
