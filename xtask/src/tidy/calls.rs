//! Calls that have no place in a part of the tree.

use super::{
    Offence,
    modules::{Reach, is_for_tests, reach},
    tree::Tree,
};

/// Calls that the shipped code of some folders does without.
struct Rule {
    folders: &'static [&'static str],
    calls: &'static [&'static str],
    why: &'static str,
}

const RULES: [Rule; 2] = [
    Rule {
        folders: &["crates/", "pallets/", "runtime/"],
        calls: &[".unwrap()", ".expect(", "panic!(", "unreachable!("],
        why: "may panic on chain: return an error",
    },
    Rule {
        folders: &["trainer/", "miner/"],
        // Also what `eprintln!` ends with.
        calls: &["println!(", "print!("],
        why: "panics where nobody reads: write, and tell of what is lost",
    },
];

pub fn check(tree: &Tree) -> Vec<Offence> {
    RULES.iter().flat_map(|rule| rule.check(tree)).collect()
}

impl Rule {
    fn check(&self, tree: &Tree) -> Vec<Offence> {
        let mut offences = Vec::new();
        for (path, text) in tree.files(".rs").filter(|(path, _)| self.is_for(path)) {
            if reach(tree, path) == Reach::Tests {
                continue;
            }
            for (number, line) in shipped(text) {
                for call in self.calls.iter().filter(|call| line.contains(**call)) {
                    let message = format!("`{call}` {}", self.why);
                    offences.push(Offence::new(path, number, message));
                }
            }
        }
        offences
    }

    fn is_for(&self, path: &str) -> bool {
        self.folders.iter().any(|top| path.starts_with(top)) && path.contains("/src/")
    }
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
