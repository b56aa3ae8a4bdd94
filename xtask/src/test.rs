//! `cargo xtask test`: unit, property, end-to-end and documentation tests.

use anyhow::Result;

use crate::{
    cargo::{cargo, run as execute},
    setup,
};

/// Builds everything, because end-to-end tests start the real programs, then runs the tests, or
/// those of one folder of tests/; `all` adds the ignored ones.
pub fn run(folder: Option<&str>, all: bool) -> Result<()> {
    setup::everything()?;
    execute(cargo()?.args(["build", "--release", "--workspace"]))?;
    let heavy: &[&str] = if all {
        &["--profile=all", "--run-ignored=all"]
    } else {
        &[]
    };
    let only = folder.map(|folder| format!("--filterset=package(fedchain-{folder})"));
    execute(
        cargo()?
            .args(["nextest", "run", "--release", "--workspace"])
            .args(heavy)
            .args(&only),
    )?;
    if only.is_some() {
        return Ok(());
    }
    execute(cargo()?.args(["test", "--release", "--workspace", "--doc"]))
}
