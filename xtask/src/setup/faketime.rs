//! libfaketime, under which tests run nodes whose clock is wrong.

use std::fs;

use anyhow::{Context, Result};

use super::debian;

const PACKAGE: &str = "libfaketime";
/// In the folder of the machine's own libraries.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Finds the library, or installs Debian's package of it.
pub fn provide() -> Result<()> {
    let is_there = fs::read_dir("/usr/lib")?
        .filter_map(Result::ok)
        .any(|folder| folder.path().join(LIBRARY).is_file());
    if is_there {
        return Ok(());
    }
    debian::install(&[PACKAGE]).with_context(|| {
        format!("install libfaketime (Debian and Ubuntu: apt-get install {PACKAGE})")
    })
}
