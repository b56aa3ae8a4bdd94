//! Benchmarks: a table `name value unit`, and the machine it was made on.

mod aggregate;
mod bytes;
mod hash;
mod rounds;
mod table;

use anyhow::{Result, bail};
use clap::Parser;

/// Measures what fedchain costs.
#[derive(Parser)]
struct Args {
    /// One of: aggregate, bytes, hash, rounds. All when missing.
    name: Option<String>,
}

type Benchmark = fn() -> Result<()>;

const ALL: [(&str, Benchmark); 4] = [
    ("aggregate", aggregate::run),
    ("bytes", bytes::run),
    ("hash", hash::run),
    ("rounds", rounds::run),
];

fn main() -> Result<()> {
    let args = Args::parse();
    let chosen: Vec<_> = ALL
        .iter()
        .filter(|(name, _)| args.name.as_deref().is_none_or(|one| one == *name))
        .collect();
    if chosen.is_empty() {
        bail!("there is no such benchmark; choose aggregate, bytes, hash or rounds");
    }
    table::machine();
    for (_, run) in chosen {
        run()?;
    }
    Ok(())
}
