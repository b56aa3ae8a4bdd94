//! Places and their sentences.

use std::collections::BTreeMap;

use super::*;

#[test]
fn places_count_lines_and_characters_from_one() {
    for (text, at, expected) in [
        ("", 0, "line 1, column 1: so"),
        ("ab", 1, "line 1, column 2: so"),
        ("a\nb", 2, "line 2, column 1: so"),
        ("é = 1\r\né = 2", 13, "line 2, column 5: so"),
        ("a", 9, "line 1, column 1: so"),
    ] {
        assert_eq!(Mistake::at(text, at..at, "so").to_string(), expected);
    }
}

#[test]
fn a_path_ends_at_the_last_key_that_is_there() {
    let text = "a = 1\n[b]\nc = { d = 2 }\n";
    for (path, expected) in [
        (&["a"][..], "line 1, column 1: so"),
        (&["a", "b"], "line 1, column 1: so"),
        (&["b"], "line 2, column 2: so"),
        (&["b", "c", "d"], "line 3, column 7: so"),
        (&["b", "x"], "line 2, column 2: so"),
        (&["x"], "line 1, column 1: so"),
    ] {
        assert_eq!(Mistake::at_key(text, path, "so").to_string(), expected);
    }
}

#[test]
fn defaults_never_override() {
    let text = "[task]\na = 1\n";
    let mut document = parse(text).unwrap();
    add(&mut document, "task", parse("a = 2\nb = 3").unwrap());
    add(&mut document, "other", parse("a = 2").unwrap());
    let read: BTreeMap<String, BTreeMap<String, u32>> = read(text, document, &[]).unwrap();
    let task = BTreeMap::from([("a".into(), 1), ("b".into(), 3)]);
    assert_eq!(read, BTreeMap::from([("task".into(), task)]));
}
