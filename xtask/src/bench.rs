//! `cargo xtask bench`: the benchmarks, which live in tests/bench.

use std::ffi::OsString;

use anyhow::Result;

use crate::{cargo, setup};

/// Builds the workspace and runs the benchmark `name`, or all of them.
pub fn run(name: Option<OsString>) -> Result<()> {
    setup::build_tools()?;
    cargo::build_and_run("fedchain-bench", &[], name.as_slice())
}
