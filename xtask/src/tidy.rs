//! `cargo xtask tidy`: the style rules that rustfmt and clippy do not know.

mod calls;
mod docs;
mod lines;
mod modules;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;

use anyhow::{Result, ensure};

use crate::cargo::root;
use tree::Tree;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Offence {
    path: String,
    /// Counted from 1.
    line: usize,
    message: String,
}

impl Offence {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks all files that git knows or would add.
///
/// # Errors
/// When a rule is broken; the offences are printed.
pub fn run() -> Result<()> {
    let offences = check(&Tree::read(&root()?)?);
    for offence in &offences {
        println!("{offence}");
    }
    ensure!(
        offences.is_empty(),
        "{} offences against the style rules",
        offences.len()
    );
    Ok(())
}

fn check(tree: &Tree) -> Vec<Offence> {
    let rules = [lines::check, modules::check, calls::check, docs::check];
    let mut offences: Vec<_> = rules.into_iter().flat_map(|rule| rule(tree)).collect();
    offences.sort();
    offences
}
