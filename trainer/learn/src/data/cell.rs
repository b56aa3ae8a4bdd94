//! What the schema makes of one cell, and what can be wrong with it.

use std::borrow::Cow;

use fedchain_fl::{Column, Schema};
use serde::Serialize;

use super::{Cell, DataError, Table, nearest, table::nfc};

/// Characters of a cell that an error repeats.
const CELL_CHARS_MAX: usize = 60;

/// Why a cell is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It is empty or missing, and the schema has no value for that.
    Empty,
    /// A number is needed.
    NotANumber,
    /// It is infinite or NaN, or becomes so when scaled.
    NotFinite,
    /// It holds none of the schema's labels.
    UnknownLabel,
}

impl Fault {
    /// The error that names the cell.
    pub(super) fn at(
        self,
        table: &Table,
        header: &str,
        cell: Cell<'_>,
        labels: &[String],
    ) -> DataError {
        let (file, row) = (table.file().to_owned(), cell.row);
        let (column, cell) = (header.to_owned(), excerpt(cell.text));
        match self {
            Self::Empty => DataError::MissingCell { file, row, column },
            Self::NotANumber => DataError::NotANumber {
                file,
                row,
                column,
                cell,
            },
            Self::NotFinite => DataError::NotFinite {
                file,
                row,
                column,
                cell,
            },
            Self::UnknownLabel => DataError::UnknownLabel {
                file,
                row,
                column,
                cell,
                labels: labels.to_vec(),
            },
        }
    }
}

/// The beginning of a cell in one line: errors go to terminals and logs, and a cell may hold the rest of
/// the file, or what a terminal obeys.
pub fn excerpt(cell: &str) -> String {
    match cell.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", escape(cell.get(..end).unwrap_or_default())),
        None => escape(cell),
    }
}

/// A text that a terminal only shows.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match is_obeyed(character) {
            true => escaped.extend(character.escape_default()),
            false => escaped.push(character),
        }
    }
    escaped
}

/// Whether a terminal does something else with a character than to show it: control characters, line
/// ends of Unicode, and marks that turn the direction of text.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// What a cell says however its format writes it: Booleans in any case, numbers without zeros at the
/// end. pandas writes `True` and, in a column with empty cells, `1.0` for 1.
pub(super) fn canonical(cell: &str) -> Cow<'_, str> {
    if ["true", "false"]
        .iter()
        .any(|word| cell.eq_ignore_ascii_case(word))
    {
        return cell.to_ascii_lowercase().into();
    }
    let (digits, places) = cell.split_once('.').unwrap_or((cell, ""));
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match !unsigned.is_empty() && is_digits(unsigned) && is_digits(places) && cell.contains('.') {
        true => cell.trim_end_matches('0').trim_end_matches('.').into(),
        false => cell.into(),
    }
}

/// The place of the label that a cell holds: as it is written, or else as it is meant.
pub(super) fn place_of(cell: &str, labels: &[String]) -> Option<usize> {
    let exact = labels.iter().position(|label| label == cell);
    exact.or_else(|| {
        let cell = canonical(cell);
        labels.iter().position(|label| canonical(label) == cell)
    })
}

/// A schema's column, with its numbers as the nearest `f64`.
pub(super) struct Rule {
    offset: f64,
    scale: f64,
    /// Value of an empty cell.
    missing: Option<f64>,
}

impl Rule {
    pub(super) fn new(column: &Column) -> Self {
        Self {
            offset: nearest(column.offset),
            scale: nearest(column.scale),
            missing: column.missing.map(nearest),
        }
    }

    /// The number in a cell, as the model sees it.
    pub(super) fn number(&self, cell: &str) -> Result<f64, Fault> {
        match cell {
            "" => self.empty(),
            cell => self.scaled(cell.parse().map_err(|_| Fault::NotANumber)?),
        }
    }

    /// Whether a cell holds `label`, as the model sees it. It must hold one of `labels`.
    pub(super) fn indicator(
        &self,
        cell: &str,
        label: &str,
        labels: &[String],
    ) -> Result<f64, Fault> {
        match cell {
            "" => self.empty(),
            cell => {
                let place = place_of(cell, labels).ok_or(Fault::UnknownLabel)?;
                let is_label = labels.get(place).is_some_and(|found| found == label);
                self.scaled(f64::from(u8::from(is_label)))
            }
        }
    }

    fn empty(&self) -> Result<f64, Fault> {
        self.scaled(self.missing.ok_or(Fault::Empty)?)
    }

    fn scaled(&self, value: f64) -> Result<f64, Fault> {
        let scaled = (value - self.offset) / self.scale;
        if scaled.is_finite() {
            Ok(scaled)
        } else {
            Err(Fault::NotFinite)
        }
    }
}

/// The place in `labels` of the label in a cell.
pub(super) fn class(cell: &str, labels: &[String]) -> Result<usize, Fault> {
    if cell.is_empty() {
        return Err(Fault::Empty);
    }
    place_of(cell, labels).ok_or(Fault::UnknownLabel)
}

/// The labels that the schema's features have of the column `header`, in their order.
pub(super) fn labels_of(schema: &Schema, header: &str) -> Vec<String> {
    let of_column = schema
        .features
        .iter()
        .filter(|feature| feature.name.to_string() == header);
    let labels = of_column.filter_map(|feature| feature.label.as_ref());
    labels.map(ToString::to_string).collect()
}

/// Whether a feature of the schema is read from the column `header`.
pub(super) fn is_feature(schema: &Schema, header: &str) -> bool {
    let header = nfc(header);
    let mut features = schema.features.iter();
    features.any(|feature| nfc(&feature.name.to_string()) == header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_of_what_can_be_shown() {
        for (cell, expected) in [
            ("größe", "größe".to_owned()),
            ("\u{1b}[31ma\r\nb", "\\u{1b}[31ma\\r\\nb".to_owned()),
            ("a\u{202e}b", "a\\u{202e}b".to_owned()),
            (&"x".repeat(61), format!("{}…", "x".repeat(60))),
        ] {
            assert_eq!(excerpt(cell), expected);
        }
    }

    #[test]
    fn a_label_is_found_however_a_format_writes_it() {
        let labels = ["true", "1", "2.5", "1.0", "one"].map(String::from);
        for (cell, expected) in [
            ("True", Some(0)),
            ("TRUE", Some(0)),
            ("1", Some(1)),
            // Exactly, where it is.
            ("1.0", Some(3)),
            ("1.00", Some(1)),
            ("2.50", Some(2)),
            ("One", None),
            ("-1", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(place_of(cell, &labels), expected, "{cell}");
        }
        assert_eq!(canonical("100"), "100");
        assert_eq!(canonical("100.0"), "100");
        assert_eq!(canonical("-0.50"), "-0.5");
    }
}
