//! `cargo xtask demo`: the demonstration, which lives in tests/demo.

use std::ffi::OsString;

use anyhow::Result;

use crate::{cargo, setup};

/// Builds the workspace and runs the demonstration with `args`.
pub fn run(args: &[OsString]) -> Result<()> {
    setup::build_tools()?;
    cargo::build_and_run("fedchain-demo", args)
}
