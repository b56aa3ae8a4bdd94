//! No orphans: every source file is reached from its crate's root by `mod` lines.

use super::{Offence, tree::Tree};

/// How a file is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// No `mod` line leads to it.
    Nowhere,
    /// Only in builds for tests or runtime benchmarks.
    Tests,
    /// In every build.
    Always,
}

pub fn check(tree: &Tree) -> Vec<Offence> {
    tree.files(".rs")
        .filter(|(path, _)| reach(tree, path) == Reach::Nowhere)
        .map(|(path, _)| Offence::new(path, 1, "no `mod` line leads to this file: remove it"))
        .collect()
}

/// How the file at `path` is reached. Files outside a `src` folder are roots of their own.
pub fn reach(tree: &Tree, path: &str) -> Reach {
    let Some((_, inner)) = path.rsplit_once("/src/") else {
        return Reach::Always;
    };
    if matches!(inner, "lib.rs" | "main.rs") || inner.starts_with("bin/") {
        return Reach::Always;
    }
    let module = path.strip_suffix("/mod.rs").or(path.strip_suffix(".rs"));
    let Some((folder, name)) = module.and_then(|module| module.rsplit_once('/')) else {
        return Reach::Nowhere;
    };
    ["/mod.rs", ".rs", "/lib.rs", "/main.rs"]
        .into_iter()
        .map(|end| format!("{folder}{end}"))
        .filter_map(|parent| {
            let declared = declaration(tree.text(&parent)?, name)?;
            Some(declared.min(reach(tree, &parent)))
        })
        .max()
        .unwrap_or(Reach::Nowhere)
}

/// Finds `mod name;` and looks at the attributes above it.
fn declaration(text: &str, name: &str) -> Option<Reach> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| {
        let words = line
            .strip_suffix(';')
            .unwrap_or_default()
            .split_whitespace();
        words.rev().take(2).eq([name, "mod"])
    })?;
    let above = lines[..at].iter().rev();
    let mut attributes = above.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let tests = is_for_tests(lines[at]) || attributes.any(|line| is_for_tests(line));
    Some(if tests { Reach::Tests } else { Reach::Always })
}

/// Whether the line is an attribute that keeps an item out of the shipped code.
pub fn is_for_tests(line: &str) -> bool {
    line.trim_start().starts_with("#[cfg(")
        && (line.contains("test)") || line.contains("(test") || line.contains("runtime-benchmarks"))
        && !line.contains("not(")
}
