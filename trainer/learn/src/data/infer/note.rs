//! What to know about an inferred schema.

use std::fmt;

use serde::Serialize;

use super::LABELS_MAX;
use crate::data::{
    Remark, alike,
    cell::excerpt,
    missing::{self, typed},
};

/// A remark on a column of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// The column; empty: the file as a whole.
    pub column: String,
    /// The remark.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Why a column is left out or looks odd.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// Left out: its name does not fit a schema.
    Name,
    /// Left out: the file has it more than once.
    Duplicate,
    /// Left out: its name is what other programs call a column of row names.
    RowNames,
    /// Left out: its Parquet type is no number, text or Boolean.
    Unreadable {
        /// The type.
        kind: String,
    },
    /// Left out: all its cells are empty.
    Nothing,
    /// Left out: its numbers are too large or too small.
    Range,
    /// Left out: some cells hold no number.
    Words {
        /// So many of them.
        words: usize,
        /// Of so many that are not empty.
        cells: usize,
        /// Row of the first.
        row: u64,
        /// What it holds.
        cell: String,
    },
    /// Left out: too many different texts.
    Texts {
        /// So many.
        different: usize,
    },
    /// Left out: a text is too long for a label or has control characters.
    Label {
        /// The text.
        label: String,
    },
    /// Left out: nothing is declared of it.
    Undeclared,
    /// Texts that are numbers as people write them: with separators, signs of money or per cent.
    Decorated {
        /// Whether they became labels; else the column is left out.
        is_kept: bool,
        /// Row of the first.
        row: u64,
        /// What it holds.
        cell: String,
        /// The same as a number.
        plain: String,
    },
    /// Kept as labels, though some are numbers.
    Mixed {
        /// Row of the first cell without a number.
        row: u64,
        /// What it holds.
        cell: String,
    },
    /// Kept as a label, though it may mean that there is no value.
    MissingWord {
        /// Row of the first.
        row: u64,
        /// What it holds.
        cell: String,
    },
    /// Kept, though these labels most likely mean the same.
    Alike {
        /// Labels that differ only in case, spaces, the form of their letters, or the way of writing a
        /// number.
        groups: Vec<Vec<String>>,
    },
    /// Kept, though all cells hold the same number.
    Constant,
    /// Kept, though each row has a whole number of its own.
    RowNumbers,
    /// The target is a number, though it has few different ones, all whole.
    FewNumbers {
        /// So many.
        different: usize,
    },
    /// The scale is larger than the numbers' deviation, so that this one fits.
    Far {
        /// The number furthest from the others.
        value: f64,
    },
    /// Of the file as a whole.
    File {
        /// What to know about it.
        remark: Remark,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Reason::File { remark } = &self.reason {
            return write!(f, "{remark}");
        }
        write!(f, "column \"{}\" ", excerpt(&self.column))?;
        match &self.reason {
            Reason::Decorated {
                is_kept,
                row,
                cell,
                plain,
            } => {
                let became = if *is_kept {
                    "became labels"
                } else {
                    "is left out"
                };
                write!(
                    f,
                    "{became}: \"{}\" in row {row} is text; write {} to have numbers",
                    excerpt(cell),
                    excerpt(plain)
                )
            }
            Reason::Mixed { row, cell } => write!(
                f,
                "became labels: \"{}\" in row {row} is no number{}",
                excerpt(cell),
                missing::hint(cell)
            ),
            Reason::MissingWord { row, cell } => write!(
                f,
                "has the label \"{cell}\", first in row {row}: say --missing {} if it means that there is \
                 no value, and --missing '' if it is a label",
                typed(cell)
            ),
            Reason::Alike { groups } => {
                let groups = groups.iter().map(|group| {
                    let labels: Vec<_> = group.iter().map(|label| alike::visible(label)).collect();
                    labels.join(" and ")
                });
                let groups: Vec<String> = groups.collect();
                write!(
                    f,
                    "has labels that are almost the same: {}; write them alike if they mean the same",
                    groups.join(", ")
                )
            }
            Reason::Constant => write!(f, "holds the same number in every row"),
            Reason::RowNumbers => write!(
                f,
                "has a different whole number in every row: where these name rows, leave it out by --id {}",
                typed(&self.column)
            ),
            Reason::FewNumbers { different } => write!(
                f,
                "holds {different} different whole numbers, and is a number to predict: --classes makes \
                 them classes"
            ),
            Reason::Far { value } => write!(
                f,
                "holds {}, far from its other numbers: the scale is larger for it, and the others lie \
                 closer together; correct it or leave its row out if it is a mistake",
                short(*value)
            ),
            _ => self.left_out(f),
        }
    }
}

impl Note {
    /// Why the column is left out.
    fn left_out(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is left out: ")?;
        match &self.reason {
            Reason::Name => write!(
                f,
                "a schema's names have 1 to 64 bytes and no control characters"
            ),
            Reason::Duplicate => write!(f, "the file has it more than once"),
            Reason::RowNames => write!(
                f,
                "by this name other programs write the names or numbers of rows, which say nothing of \
                 other rows"
            ),
            Reason::Unreadable { kind } => write!(
                f,
                "its type is {kind}; numbers, text and Booleans can be read"
            ),
            Reason::Nothing => write!(f, "all its cells are empty"),
            Reason::Range => write!(f, "its numbers are too large or too small to be scaled"),
            Reason::Words {
                words,
                cells,
                row,
                cell,
            } => {
                write!(
                    f,
                    "{words} of its {cells} cells hold no number, such as \"{}\" in row {row}: make \
                     them empty to have it read{}",
                    excerpt(cell),
                    missing::hint(cell)
                )
            }
            Reason::Texts { different } => write!(
                f,
                "it holds {different} different texts; up to {LABELS_MAX}, each in several rows, \
                 become features"
            ),
            Reason::Label { label } => write!(
                f,
                "\"{}\" is no label: 1 to 64 bytes without control characters are",
                excerpt(label)
            ),
            Reason::Undeclared => write!(f, "it has neither bounds nor labels"),
            // Told with what became of them.
            Reason::Decorated { .. }
            | Reason::Mixed { .. }
            | Reason::MissingWord { .. }
            | Reason::Alike { .. }
            | Reason::Constant
            | Reason::RowNumbers
            | Reason::FewNumbers { .. }
            | Reason::Far { .. }
            | Reason::File { .. } => Ok(()),
        }
    }
}

/// A number without a hundred zeros.
fn short(value: f64) -> String {
    match value.abs() < 1e16 {
        true => value.to_string(),
        false => format!("{value:e}"),
    }
}
