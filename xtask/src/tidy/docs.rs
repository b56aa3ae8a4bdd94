//! Documents keep up with the tree: links resolve, ARCHITECTURE.md names every crate and pallet.

use std::collections::BTreeSet;

use super::{Offence, tree::Tree};

const ARCHITECTURE: &str = "ARCHITECTURE.md";

pub fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (path, text) in tree.files(".md") {
        for (number, target) in links(text) {
            if !resolve(path, target).is_some_and(|target| tree.contains(&target)) {
                offences.push(Offence::new(
                    path,
                    number,
                    format!("`{target}` does not exist"),
                ));
            }
        }
    }
    if let Some(text) = tree.text(ARCHITECTURE) {
        for folder in folders(tree)
            .into_iter()
            .filter(|folder| !text.contains(folder))
        {
            offences.push(Offence::new(
                ARCHITECTURE,
                1,
                format!("`{folder}` is not mentioned"),
            ));
        }
    }
    offences
}

/// The folders directly below crates/ and pallets/.
fn folders(tree: &Tree) -> BTreeSet<&str> {
    let folder = |path| {
        let (parent, _) = str::rsplit_once(path, "/Cargo.toml")?;
        let (top, _) = parent.split_once('/')?;
        matches!(top, "crates" | "pallets").then_some(parent)
    };
    tree.paths().filter_map(folder).collect()
}

/// Line numbers and targets of the links into this repository, outside code blocks.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for (at, opening) in line.match_indices("](") {
            let rest = &line[at + opening.len()..];
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                links.push((number, target));
            }
        }
    }
    links
}

/// The path from the root that `target` means in the file `from`; none if it leaves the tree.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
