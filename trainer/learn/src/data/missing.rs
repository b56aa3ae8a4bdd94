//! Words that other programs write where there is no value.

/// The words, in small letters. A label may be one of them: what they mean, only people know.
const WORDS: [&str; 18] = [
    "#n/a", "(null)", "-", "--", "-nan", ".", "<na>", "?", "\\n", "missing", "n.a.", "n/a", "na",
    "nan", "nat", "nil", "none", "null",
];

/// Whether a cell most likely says that it has no value. Letters may be small or large.
pub(super) fn is_word(cell: &str) -> bool {
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(cell))
}

/// What to add to a sentence that ends with a cell like `word`; nothing when it is another cell.
pub(super) fn hint(word: &str) -> String {
    match is_word(word) {
        true => format!(
            " (with --missing {} it counts as an empty cell)",
            typed(word)
        ),
        false => String::new(),
    }
}

/// A cell as a shell takes it.
pub(super) fn typed(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-".contains(&byte);
    match word.bytes().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case() {
        for word in [
            "NA", "n/a", "NaN", "NULL", "None", "?", "-", "Missing", "\\N", "<NA>",
        ] {
            assert!(is_word(word), "{word}");
        }
        for word in ["", "0", "nano", "no", "nada", "-1", "unknown"] {
            assert!(!is_word(word), "{word}");
        }
    }

    #[test]
    fn a_hint_can_be_typed() {
        assert_eq!(
            hint("N/A"),
            " (with --missing N/A it counts as an empty cell)"
        );
        assert_eq!(
            hint("?"),
            " (with --missing '?' it counts as an empty cell)"
        );
        assert_eq!(hint("red"), "");
        assert_eq!(typed("it's"), "'it'\\''s'");
    }
}
