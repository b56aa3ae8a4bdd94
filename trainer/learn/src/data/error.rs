//! What can be wrong with a data file, in sentences that name file, row and column.

use std::{io, path::PathBuf};
use thiserror::Error;

use super::{alike, missing};

/// Why a data file cannot be used. Rows are counted from 1: in CSV and TSV by lines, the header
/// included, as editors do; in Parquet by records.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file is missing or unreadable.
    #[error("cannot read {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has no header.
    #[error("{} is empty: it needs a header and at least one row", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The file has a header only.
    #[error("{} has a header but no rows", file.display())]
    NoRows {
        /// The file.
        file: PathBuf,
    },
    /// A row of CSV or TSV is not in UTF-8.
    #[error("{} row {row} is not in UTF-8: save the file as UTF-8", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
    },
    /// A row has cells without a column.
    #[error(
        "{} row {row} has {cells} cells, the header {columns}: put cells with commas or tabs in quotes, \
         and write decimals with a point",
        file.display()
    )]
    ExtraCells {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// Its cells, without empty ones at its end.
        cells: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// A quote is not closed, so that the rows after it are one cell.
    #[error("{} row {row} has a quote that is never closed: close it, or write it twice within quotes", file.display())]
    OpenQuote {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
    },
    /// More rows than are read into memory.
    #[error("{} says that it has {rows} rows: at most {max} are read, so split it", file.display())]
    TooManyRows {
        /// The file.
        file: PathBuf,
        /// Its rows, as it says.
        rows: i64,
        /// The most.
        max: i64,
    },
    /// The schema's column is not in the header.
    #[error("{} has no column \"{column}\"; it has: {}", file.display(), found.join(", "))]
    MissingColumn {
        /// The file.
        file: PathBuf,
        /// The column that the schema names.
        column: String,
        /// The columns of the file.
        found: Vec<String>,
    },
    /// A column that the schema names is in the header twice.
    #[error("{} has the column \"{column}\" more than once", file.display())]
    DuplicateColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// A Parquet column that holds no numbers, text or Booleans.
    #[error(
        "{}, column \"{column}\": its type is {kind}, which has no place in a schema: store numbers, \
         text or Booleans",
        file.display()
    )]
    UnreadableColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// A cell is empty, or the row is too short.
    #[error("{} row {row} has no value for \"{column}\"", file.display())]
    MissingCell {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: String,
    },
    /// A cell of the target column is empty, or the row is too short.
    #[error(
        "{} row {row} has no value for \"{column}\": fill it in, or leave such rows out by \
         --skip-without-target",
        file.display()
    )]
    MissingTarget {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: String,
    },
    /// No row has a value in a column.
    #[error("{}: no row has a value for \"{column}\"", file.display())]
    AllEmpty {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// The column that is to be the target is one that the model learns from.
    #[error(
        "\"{0}\" is a feature of this federation: --target names the column of your file that holds what \
         the model is to predict"
    )]
    TargetIsFeature(String),
    /// A cell holds no number.
    #[error(
        "{} row {row}, column \"{column}\": \"{cell}\" is not a number{}",
        file.display(),
        missing::hint(cell)
    )]
    NotANumber {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        cell: String,
    },
    /// A cell is infinite or NaN, or becomes so when scaled.
    #[error(
        "{} row {row}, column \"{column}\": \"{cell}\" is not finite{}",
        file.display(),
        missing::hint(cell)
    )]
    NotFinite {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        cell: String,
    },
    /// A class that the federation does not know.
    #[error(
        "{} row {row}, column \"{column}\": \"{cell}\" is none of the labels {}{}{}",
        file.display(),
        labels.join(", "),
        alike::question(cell, labels),
        missing::hint(cell)
    )]
    UnknownLabel {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        cell: String,
        /// The federation's labels.
        labels: Vec<String>,
    },
}

impl DataError {
    /// The same error where its column is the target.
    pub(super) fn of_target(self) -> Self {
        match self {
            Self::MissingCell { file, row, column } => Self::MissingTarget { file, row, column },
            other => other,
        }
    }
}
