//! Consensus code never panics: no panicking calls in crates, pallets and runtime.

use super::{
    Offence,
    modules::{Reach, is_for_tests, reach},
    tree::Tree,
};

const CALLS: [&str; 4] = [".unwrap()", ".expect(", "panic!(", "unreachable!("];

pub fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (path, text) in tree.files(".rs").filter(|(path, _)| is_consensus(path)) {
        if reach(tree, path) == Reach::Tests {
            continue;
        }
        for (number, line) in shipped(text) {
            for call in CALLS.into_iter().filter(|call| line.contains(call)) {
                let message = format!("`{call}` may panic on chain: return an error");
                offences.push(Offence::new(path, number, message));
            }
        }
    }
    offences
}

fn is_consensus(path: &str) -> bool {
    ["crates/", "pallets/", "runtime/"]
        .into_iter()
        .any(|top| path.starts_with(top))
        && path.contains("/src/")
}

/// The numbered lines that are neither comments nor part of an item for tests. Such an item ends
/// where rustfmt puts its last brace: at the indentation of its first line.
fn shipped(text: &str) -> Vec<(usize, &str)> {
    let mut shipped = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if !is_for_tests(line) {
            if !line.trim_start().starts_with("//") {
                shipped.push((number, line));
            }
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let is_last = |line: &str| line.starts_with(&end) || line.ends_with([';', ',', '}']);
        let first = lines.find(|(_, line)| !line.trim_start().starts_with(['#', '/']));
        if first.is_some_and(|(_, line)| !is_last(line)) {
            lines.find(|(_, line)| line.starts_with(&end));
        }
    }
    shipped
}
