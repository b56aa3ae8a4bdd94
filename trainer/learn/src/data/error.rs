//! What can be wrong with a data file, in sentences that name file, row and column.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::{Delimiter, alike, cell::excerpt, decorated, missing};

/// Columns of a file that an error lists.
const COLUMNS_MAX: usize = 20;

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
    /// The file holds something else than rows in a format that is read.
    #[error("{} is {kind}, which is not read: {advice}", file.display())]
    OtherFormat {
        /// The file.
        file: PathBuf,
        /// What it is.
        kind: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// What is compressed is damaged.
    #[error("{} cannot be unpacked by {packing}: {source}: fetch or write it anew", file.display())]
    Unpack {
        /// The file.
        file: PathBuf,
        /// How it is compressed.
        packing: &'static str,
        /// What is wrong.
        source: io::Error,
    },
    /// What is compressed fills the memory.
    #[error(
        "{} becomes more than {max} bytes when it is unpacked: if that is right, unpack it yourself",
        file.display()
    )]
    Unpacked {
        /// The file.
        file: PathBuf,
        /// The most that is unpacked of a file of its size.
        max: u64,
    },
    /// A Parquet file that its reader fails at.
    #[error("{} is damaged: fetch or write it anew", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// Something was said of the file that Parquet says itself.
    #[error("{} is Parquet, whose columns have names and no delimiter: leave out {flag}", file.display())]
    NotForParquet {
        /// The file.
        file: PathBuf,
        /// How it was said.
        flag: &'static str,
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
    /// The first line is longer than any header.
    #[error("{} has no line end in its first {max} bytes: is it a file of rows?", file.display())]
    LongHeader {
        /// The file.
        file: PathBuf,
        /// The most bytes of a header.
        max: u64,
    },
    /// The header does not show what separates cells.
    #[error(
        "the header of {} has {} and {}: say which of them separate cells, by --delimiter {first} or \
         --delimiter {other}",
        file.display(), first.plural(), other.plural()
    )]
    Delimiter {
        /// The file.
        file: PathBuf,
        /// What may separate them.
        first: Delimiter,
        /// What else.
        other: Delimiter,
    },
    /// The first line is no header.
    #[error(
        "{} begins with \"{}\" and no header: delete what stands above the names of the columns",
        file.display(), excerpt(title)
    )]
    Title {
        /// The file.
        file: PathBuf,
        /// Its first cell.
        title: String,
    },
    /// A row is the header again.
    #[error(
        "{} row {row} repeats the header: take the row out if files were joined there, or pass --no-header if \
         the first line holds values",
        file.display()
    )]
    RepeatedHeader {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
    },
    /// The header lacks a name, and it is not clear whether the first cells are names of rows.
    #[error(
        "{}: every row has one cell more than the header, which has {columns}: name all columns in the \
         header{}, or take {} out that end rows",
        file.display(), decimal_point(*delimiter), delimiter.plural()
    )]
    OneCellMore {
        /// The file.
        file: PathBuf,
        /// Columns of the header.
        columns: usize,
        /// What separates its cells.
        delimiter: Delimiter,
    },
    /// A row has cells without a column.
    #[error(
        "{} row {row} has {cells} cells, the header {columns}: put cells with {} in quotes{}",
        file.display(), delimiter.plural(), decimal_point(*delimiter)
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
        /// What separates its cells.
        delimiter: Delimiter,
    },
    /// A quote is not closed, so that the rows after it are one cell.
    #[error("{} row {row} has a quote that is never closed: close it, or write it twice within quotes", file.display())]
    OpenQuote {
        /// The file.
        file: PathBuf,
        /// The row.
        row: u64,
    },
    /// A quote is closed some rows later.
    #[error(
        "{} row {row} has a quote that takes in the rows after it: close it in its row, write it twice \
         within quotes, or take the line ends out of the cell",
        file.display()
    )]
    SwallowedRows {
        /// The file.
        file: PathBuf,
        /// The row where it begins.
        row: u64,
    },
    /// A cell goes on after its closing quote.
    #[error(
        "{} row {row} has a cell that goes on after its closing quote: write quotes twice within quotes",
        file.display()
    )]
    TextAfterQuote {
        /// The file.
        file: PathBuf,
        /// The row where the cell begins.
        row: u64,
    },
    /// A quote is not the first character of its cell.
    #[error("{} row {row} has spaces before a quote: take them out", file.display())]
    SpaceBeforeQuote {
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
    #[error(
        "{} has no column \"{}\"; it has: {}",
        file.display(), excerpt(column), columns(found)
    )]
    MissingColumn {
        /// The file.
        file: PathBuf,
        /// The column that the schema names.
        column: String,
        /// The columns of the file.
        found: Vec<String>,
    },
    /// A column that the schema names is in the header twice.
    #[error("{} has the column \"{}\" more than once", file.display(), excerpt(column))]
    DuplicateColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// A Parquet column that holds no numbers, text or Booleans.
    #[error(
        "{}, column \"{}\": its type is {kind}, which has no place in a schema: store numbers, \
         text or Booleans",
        file.display(), excerpt(column)
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
        "{} row {row}, column \"{column}\": \"{cell}\" is not a number{}{}",
        file.display(), with_point(cell), missing::hint(cell)
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
    /// The numbers of a column have commas.
    #[error(
        "{} row {row}, column \"{}\": \"{}\" has a comma: write numbers without marks between thousands, \
         and with a point before decimals; or, where it names rows, leave the column out by --id",
        file.display(), excerpt(column), excerpt(cell)
    )]
    DecimalComma {
        /// The file.
        file: PathBuf,
        /// The row of the first.
        row: u64,
        /// The column.
        column: String,
        /// What the cell holds.
        cell: String,
    },
}

/// Names of columns, in one line.
pub(super) fn columns(names: &[String]) -> String {
    let shown = names.iter().take(COLUMNS_MAX).map(|name| excerpt(name));
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if names.len() > COLUMNS_MAX {
        list.push_str(&format!(" and {} more", names.len() - COLUMNS_MAX));
    }
    let is_number = |name: &String| name.parse::<f64>().is_ok();
    if !names.is_empty() && names.iter().all(is_number) {
        list.push_str("; if these are the first row of values, pass --no-header");
    }
    list
}

/// What to do where commas separate cells and decimals alike.
fn decimal_point(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::COMMA => ", and write decimals with a point",
        _ => "",
    }
}

/// What to do where a cell would be a number without its commas.
fn with_point(cell: &str) -> String {
    match decorated::plain(cell) {
        Some(plain) if cell.contains(',') => format!(": write {plain}, if that is meant"),
        _ => String::new(),
    }
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
