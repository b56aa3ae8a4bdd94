//! Chains that are in a database before a node runs on it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use fedchain_test_support::binary;
use tokio::process::Command;

use crate::Network;

impl Network {
    /// Has `fedchain-hostile` write a database, and returns its folder: `cheap:N` is a chain of blocks
    /// that cost little and lie long ago, `dear:N` one of blocks of these minutes, `old-database:M:N`
    /// both.
    ///
    /// # Errors
    /// When it is not written.
    pub async fn write(&self, work: &str) -> Result<PathBuf> {
        let base = self.path(&work.replace(':', "-"));
        let output = Command::new(binary("fedchain-hostile")?)
            .args(["--name", work, "--no-prometheus", "--chain"])
            .arg(self.spec())
            .arg("--base-path")
            .arg(&base)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{work} was not written: {said}");
        Ok(base)
    }

    /// A copy of a folder, under this name.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy(&self, from: &Path, name: &str) -> Result<PathBuf> {
        let to = self.path(name);
        copy(from, &to)?;
        Ok(to)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
