//! `cargo xtask demo`: the demonstration, which lives in tests/demo.

use std::ffi::OsString;

use anyhow::Result;

use crate::{cargo, setup};

/// What the demonstration needs nothing of, and what takes minutes to compile.
const WITHOUT: [&str; 6] = [
    "fedchain-bench",
    "fedchain-bench-wasm",
    "fedchain-e2e",
    "fedchain-miner",
    "fedchain-network",
    "fedchain-runtime-benchmarks",
];

/// Builds what the demonstration runs, and runs it with `args`.
pub fn run(args: &[OsString]) -> Result<()> {
    setup::build_tools()?;
    cargo::build_and_run("fedchain-demo", &WITHOUT, args)
}
