//! Rules on the lines of a file: what it opens with, what must not be left in it, its length.

use super::{Offence, tree::Tree};

const LINES_MAX: usize = 600;

/// Written in two halves so that this file passes its own check.
const LEFTOVERS: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("db", "g!"),
];

const MACHINE_PATHS: [&str; 3] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
];

/// What a comment of commented-out code begins with.
const CODE: [&str; 6] = [
    "// let ",
    "// fn ",
    "// pub ",
    "// use ",
    "// return ",
    "// assert",
];

pub fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (path, text) in tree.files(".rs") {
        if !text.starts_with("//!") {
            offences.push(Offence::new(
                path,
                1,
                "begin the file with `//!` and what it is for",
            ));
        }
        let count = text.lines().count();
        if count > LINES_MAX && !path.ends_with("weights.rs") && !path.contains("/weights/") {
            let message = format!("{count} lines: split the file, {LINES_MAX} are the most");
            offences.push(Offence::new(path, LINES_MAX + 1, message));
        }
        for (line, number) in text.lines().zip(1..) {
            for word in LEFTOVERS.into_iter().filter(|word| has_word(line, word)) {
                offences.push(Offence::new(path, number, format!("remove `{word}`")));
            }
            if is_commented_out(line) {
                offences.push(Offence::new(path, number, "remove the commented-out code"));
            }
        }
    }
    for (path, text) in tree.files("").filter(|(path, _)| *path != "Cargo.lock") {
        for (line, number) in text.lines().zip(1..) {
            for place in MACHINE_PATHS
                .into_iter()
                .filter(|place| has_path(line, place))
            {
                let message = format!("`{place}` is a path of one machine");
                offences.push(Offence::new(path, number, message));
            }
        }
    }
    offences
}

/// Whether `word` occurs and is not part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(is_part) && (word.ends_with('!') || !after.starts_with(is_part))
    })
}

/// Whether an absolute path begins with `place`: not the inside of a URL or a relative path.
fn has_path(line: &str, place: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "._-/~$}".contains(c);
    line.match_indices(place)
        .any(|(at, _)| !line[..at].ends_with(is_part))
}

fn is_commented_out(line: &str) -> bool {
    let line = line.trim();
    CODE.into_iter().any(|start| line.starts_with(start)) && line.ends_with([';', '{'])
}
