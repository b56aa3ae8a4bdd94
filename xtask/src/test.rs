//! `cargo xtask test`: unit, property, end-to-end and documentation tests.

use std::{env, ffi::OsString, path::PathBuf};

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
    let monitoring = if all { setup::prometheus()? } else { None };
    let only = folder.map(|folder| format!("--filterset=package(fedchain-{folder})"));
    execute(
        cargo()?
            .args(["nextest", "run", "--release", "--workspace"])
            .args(heavy)
            .args(&only)
            .env("PATH", path_with(monitoring)?),
    )?;
    if only.is_some() {
        return Ok(());
    }
    execute(cargo()?.args(["test", "--release", "--workspace", "--doc"]))
}

/// The PATH, with one more folder in front.
fn path_with(folder: Option<PathBuf>) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = folder.into_iter().chain(env::split_paths(&path));
    Ok(env::join_paths(folders)?)
}
