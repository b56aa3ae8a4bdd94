//! The tool that measures weights, frame-omni-bencher.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::debian;
use crate::cargo::{cargo, output, run};

const NAME: &str = "frame-omni-bencher";
const VERSION: &str = "0.28.0";
/// Its RocksDB calls libclang while it is compiled.
const PACKAGE: &str = "libclang-dev";

/// Finds the tool on the PATH or in `cache`, or installs it there from the registry.
pub fn provide(cache: &Path) -> Result<PathBuf> {
    let root = cache.join("tools");
    let ours = root.join("bin").join(NAME);
    if let Some(found) = [PathBuf::from(NAME), ours.clone()].into_iter().find(works) {
        println!("setup: using {}", found.display());
        return Ok(found);
    }
    let has_libclang = env::var_os("LIBCLANG_PATH").is_some()
        || output(Command::new("clang").arg("--version")).is_ok();
    if !has_libclang {
        debian::install(&[PACKAGE])
            .with_context(|| format!("install libclang (Debian: apt-get install {PACKAGE})"))?;
    }
    println!("setup: installing {NAME} {VERSION}, which takes half an hour or more");
    let target = root.join("target");
    run(cargo()?
        .args(["install", "--quiet", "--locked", NAME, "--version", VERSION])
        .arg("--root")
        .arg(&root)
        .arg("--target-dir")
        .arg(&target))?;
    fs::remove_dir_all(target)?;
    Ok(ours)
}

fn works(bencher: &PathBuf) -> bool {
    output(Command::new(bencher).arg("--version"))
        .is_ok_and(|version| version == format!("{NAME} {VERSION}"))
}
