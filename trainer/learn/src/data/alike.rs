//! Labels that most likely mean the same, though a federation tells them apart.

use std::collections::BTreeMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What labels have in common that differ only in case, spaces, the form of their letters, or the
/// way of writing a number.
fn key(label: &str) -> String {
    let compatible: String = label.nfkc().collect();
    let words: Vec<&str> = compatible.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    match text.parse::<f64>() {
        // Minus zero is zero.
        Ok(number) if number.is_finite() => (number + 0.0).to_string(),
        _ => text,
    }
}

/// The labels of which there are several alike, in groups.
pub(super) fn groups<'a>(labels: impl Iterator<Item = &'a String>) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for label in labels {
        groups.entry(key(label)).or_default().push(label.clone());
    }
    groups
        .into_values()
        .filter(|group| group.len() > 1)
        .collect()
}

/// The one of `labels` that a cell most likely means, which is none of them.
pub(super) fn nearest<'a>(cell: &str, labels: &'a [String]) -> Option<&'a String> {
    let wanted = key(cell);
    labels.iter().find(|label| key(label) == wanted)
}

/// What to add to a sentence on a cell that is none of `labels`; nothing when it is like none of them.
pub(super) fn question(cell: &str, labels: &[String]) -> String {
    match nearest(cell, labels) {
        Some(label) => format!(": did you mean {}?", visible(label)),
        None => String::new(),
    }
}

/// A text in quotes, with what cannot be seen written as code points.
pub(super) fn visible(text: &str) -> String {
    let shown = text.chars().map(|letter| match letter {
        ' ' => letter.to_string(),
        _ if letter.is_whitespace() || letter.is_control() || is_combining_mark(letter) => {
            letter.escape_unicode().to_string()
        }
        _ => letter.to_string(),
    });
    format!("\"{}\"", shown.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn case_spaces_form_and_numbers_do_not_tell_labels_apart() {
        for (a, b) in [
            ("good", "Good"),
            ("good", "good\u{a0}"),
            ("very good", "very\u{2009} good"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("1", "1.0"),
            ("0", "-0"),
            ("\u{ff11}", "1"),
        ] {
            let labels = owned(&[a, "other", b]);
            assert_eq!(groups(labels.iter()), [owned(&[a, b])]);
            assert_eq!(nearest(b, &owned(&["other", a])), Some(&a.to_owned()));
        }
        assert!(groups(owned(&["bad", "good", "1", "2", "1.5"]).iter()).is_empty());
        assert_eq!(nearest("goods", &owned(&["good"])), None);
        assert_eq!(
            question("Good", &owned(&["good"])),
            ": did you mean \"good\"?"
        );
        assert_eq!(question("goods", &owned(&["good"])), "");
    }

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("a b\u{a0}"), "\"a b\\u{a0}\"");
        assert_eq!(visible("cafe\u{301} \u{e9}"), "\"cafe\\u{301} \u{e9}\"");
    }
}
