//! What the schema makes of one cell, and what can be wrong with it.

use fedchain_fl::{Column, Schema};
use serde::Serialize;

use super::{Cell, DataError, Table, nearest};

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

/// The beginning of a cell: errors go to terminals and logs, and a cell may hold the rest of the file.
pub(super) fn excerpt(cell: &str) -> String {
    match cell.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", cell.split_at(end).0),
        None => cell.to_owned(),
    }
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
            cell if labels.iter().any(|known| known == cell) => {
                self.scaled(f64::from(u8::from(cell == label)))
            }
            _ => Err(Fault::UnknownLabel),
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
    let place = labels.iter().position(|label| label == cell);
    place.ok_or(Fault::UnknownLabel)
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
    let mut features = schema.features.iter();
    features.any(|feature| feature.name.to_string() == header)
}
