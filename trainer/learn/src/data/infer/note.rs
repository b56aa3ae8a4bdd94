//! What to know about an inferred schema.

use std::fmt;

use serde::Serialize;

use super::LABELS_MAX;
use crate::data::{Remark, cell::excerpt};

/// A remark on a column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The column; empty: the file as a whole.
    pub column: String,
    /// The remark.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Why a column is left out or looks odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// Left out: its name does not fit a schema.
    Name,
    /// Left out: the file has it more than once.
    Duplicate,
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
    /// Kept as labels, though some are numbers.
    Mixed {
        /// Row of the first cell without a number.
        row: u64,
        /// What it holds.
        cell: String,
    },
    /// Kept, though all cells hold the same number.
    Constant,
    /// Of the file as a whole.
    File {
        /// What to know about it.
        remark: Remark,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = excerpt(&self.column);
        match &self.reason {
            Reason::Mixed { row, cell } => {
                return write!(
                    f,
                    "column \"{column}\" became labels: \"{}\" in row {row} is no number",
                    excerpt(cell)
                );
            }
            Reason::Constant => {
                return write!(f, "column \"{column}\" holds the same number in every row");
            }
            Reason::File { remark } => return write!(f, "{remark}"),
            _ => write!(f, "column \"{column}\" is left out: ")?,
        }
        match &self.reason {
            Reason::Name => write!(
                f,
                "a schema's names have 1 to 64 bytes and no control characters"
            ),
            Reason::Duplicate => write!(f, "the file has it more than once"),
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
            } => write!(
                f,
                "{words} of its {cells} cells hold no number, such as \"{}\" in row {row}: make \
                 them empty to have it read",
                excerpt(cell)
            ),
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
            Reason::Mixed { .. } | Reason::Constant | Reason::File { .. } => Ok(()),
        }
    }
}
