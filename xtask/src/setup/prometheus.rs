//! Prometheus and its tool, by which heavy tests try the alert rules and the dashboard.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::debian;
use crate::cargo::output;

const PACKAGE: &str = "prometheus";
const PROGRAMS: [&str; 2] = ["prometheus", "promtool"];

/// Finds both programs and returns the folder that the PATH lacks, if any. Debian's package of them is
/// unpacked in `cache`, not installed, for an installed one runs as a service.
pub fn provide(cache: &Path) -> Result<Option<PathBuf>> {
    if work(Path::new("")) {
        return Ok(None);
    }
    let folder = cache.join(PACKAGE);
    let programs = folder.join("usr/bin");
    if !work(&programs) {
        fs::create_dir_all(&folder)?;
        debian::unpack(PACKAGE, &folder).with_context(|| {
            format!("install Prometheus (Debian and Ubuntu: apt-get install {PACKAGE})")
        })?;
    }
    Ok(Some(programs))
}

/// Whether both are in a folder; on the PATH where it has no name.
fn work(folder: &Path) -> bool {
    PROGRAMS
        .iter()
        .all(|program| output(Command::new(folder.join(program)).arg("--version")).is_ok())
}
