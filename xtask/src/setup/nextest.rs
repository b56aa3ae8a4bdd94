//! The test runner, cargo-nextest.

use anyhow::{Context, Result};

use crate::cargo::{cargo, output, run};

/// Installs cargo-nextest from the registry when it is missing.
pub fn provide() -> Result<()> {
    if output(cargo()?.args(["nextest", "--version"])).is_ok() {
        return Ok(());
    }
    println!("setup: installing cargo-nextest, which takes some minutes");
    run(cargo()?.args(["install", "--quiet", "--locked", "cargo-nextest"]))
        .context("install cargo-nextest by hand: https://nexte.st/docs/installation")
}
