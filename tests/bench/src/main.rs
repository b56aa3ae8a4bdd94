//! Benchmarks: a table `name value unit`, and the machine it was made on.

mod bytes;
mod difficulty;
mod fees;
mod forks;
mod hash;
mod load;
mod node;
mod overhead;
mod python;
mod robustness;
mod rounds;
mod rpc;
mod stuffing;
mod trainer;
mod verifier;

use anyhow::{Result, bail};
use clap::Parser;
use fedchain_bench::table;

/// Measures what fedchain costs.
#[derive(Parser)]
struct Args {
    /// One of: bytes, difficulty, fees, forks, hash, load, node, overhead, robustness, rounds, rpc, stuffing, trainer, verifier. All when missing.
    name: Option<String>,
}

type Benchmark = fn() -> Result<()>;

const ALL: [(&str, Benchmark); 14] = [
    ("bytes", bytes::run),
    ("difficulty", difficulty::run_all),
    ("fees", fees::run),
    ("forks", forks::run_all),
    ("hash", hash::run),
    ("load", load::run),
    ("node", node::run),
    ("overhead", overhead::run),
    ("robustness", robustness::run),
    ("rounds", rounds::run),
    ("rpc", rpc::run),
    ("stuffing", stuffing::run),
    ("trainer", trainer::run),
    ("verifier", verifier::run),
];

fn main() -> Result<()> {
    let args = Args::parse();
    let chosen: Vec<_> = ALL
        .iter()
        .filter(|(name, _)| args.name.as_deref().is_none_or(|one| one == *name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no such benchmark; choose one of {}",
            names.join(", ")
        );
    }
    table::machine();
    for (_, run) in chosen {
        run()?;
    }
    Ok(())
}
