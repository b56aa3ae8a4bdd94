//! The files that the rules look at.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::Result;

use crate::cargo::output;

/// Path relative to the root, with forward slashes, to text; files that are not text are empty.
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads all files below `root` that git tracks or does not ignore.
    pub fn read(root: &Path) -> Result<Self> {
        // The owner of a checkout on a build machine is often somebody else.
        let list = output(
            Command::new("git")
                .args(["-c", "safe.directory=*", "ls-files", "-z"])
                .args(["--cached", "--others", "--exclude-standard"])
                .current_dir(root),
        )?;
        let paths = list
            .split_terminator('\0')
            .filter(|path| root.join(path).is_file());
        let read = |path: &str| {
            let text = String::from_utf8(fs::read(root.join(path))?).unwrap_or_default();
            Ok((path.to_string(), text))
        };
        paths.map(read).collect::<Result<_>>().map(Self)
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| (path.to_string(), text.to_string()))
                .collect(),
        )
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Whether there is such a file or folder.
    pub fn contains(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.text(path).is_some() || self.paths().any(|p| p.starts_with(&folder))
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Path and text of all files that end in `suffix`, sorted by path.
    pub fn files(&self, suffix: &str) -> impl Iterator<Item = (&str, &str)> {
        let all = self
            .0
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        all.filter(move |(path, _)| path.ends_with(suffix))
    }
}
