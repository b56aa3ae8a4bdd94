//! A data file in memory: its header and its cells, as text.
//!
//! All formats become the same text, so that the clients of a federation may keep their rows in
//! different ones: an empty cell is the empty text, numbers are decimal text, Booleans `true` and
//! `false`, dates and times what pandas writes in CSV. Names of columns are in Unicode's composed form.

mod content;
mod kind;
mod parquet;
mod remark;
mod separated;

pub use remark::Remark;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use csv::StringRecord;
use unicode_normalization::UnicodeNormalization;

use super::{DataError, Delimiter, Reading};
use content::{Content, Part};

/// A file's header and rows. Every row has a cell in every column; what a short row lacks is empty.
#[derive(Debug, Clone)]
pub struct Table {
    file: PathBuf,
    header: Vec<String>,
    rows: Vec<Row>,
    /// Type of each column whose values are no text, number or Boolean, by its place.
    unreadable: BTreeMap<usize, String>,
    /// Whether each row had a cell before the first column, which was taken away.
    has_row_names: bool,
    source: Source,
    /// Texts of cells that count as empty; none where nobody said which do.
    missing: Option<Vec<String>>,
    /// Rows that were left out.
    skipped: usize,
}

/// One row.
#[derive(Debug, Clone)]
struct Row {
    number: u64,
    cells: StringRecord,
    /// Where it stands in the text, without line ends; empty for a file without text.
    place: Range<usize>,
}

/// What the rows were read from.
#[derive(Debug, Clone)]
enum Source {
    /// The whole file, unpacked.
    Text {
        text: Vec<u8>,
        /// Where the header stands in it, if it has one.
        header: Option<Range<usize>>,
        /// `\n` or `\r\n`.
        line_end: &'static str,
        delimiter: Delimiter,
    },
    Parquet,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The row: in CSV and TSV its first line as editors count, the header being line 1; in Parquet
    /// the record, from 1.
    pub row: u64,
    /// What it holds, without spaces around it; empty where there is no value.
    pub text: &'a str,
}

impl Table {
    /// Reads a file: what it is, Parquet or text and compressed or not, is told by its first bytes; what
    /// separates the cells of a text by `reading`, or else by its header.
    ///
    /// # Errors
    /// Any [`DataError`] that does not name a column.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, DataError> {
        let mut table = match content::read(path, Part::Whole)? {
            Content::Parquet(file) => {
                ensure_for_parquet(path, reading)?;
                parquet::read(path, file)?
            }
            Content::Text(text) => separated::read(path, text, reading, usual_delimiter(path))?,
        };
        if table.rows.is_empty() {
            return Err(DataError::NoRows { file: path.into() });
        }
        table.missing = reading.missing.clone();
        Ok(table)
    }

    /// Reads the names of a file's columns and nothing else: no row is looked at, but to count the
    /// cells of the first where `reading` says that there is no header.
    ///
    /// # Errors
    /// Any [`DataError`] that names neither row nor column.
    pub fn read_header(path: &Path, reading: &Reading) -> Result<Vec<String>, DataError> {
        match content::read(path, Part::First(separated::HEADER_BYTES_MAX))? {
            Content::Parquet(file) => {
                ensure_for_parquet(path, reading)?;
                parquet::read_header(path, file)
            }
            Content::Text(text) => {
                separated::read_header(path, &text, reading, usual_delimiter(path))
            }
        }
    }

    /// As [`Self::read`], without the rows whose cell in the column `target` is empty, where `reading` says
    /// so.
    ///
    /// # Errors
    /// As [`Self::read`]; as [`Self::place`], and [`DataError::AllEmpty`] when no row is left.
    pub fn read_for(path: &Path, reading: &Reading, target: &str) -> Result<Self, DataError> {
        let mut table = Self::read(path, reading)?;
        if reading.skip_without_target {
            table.skip_empty(target)?;
        }
        Ok(table)
    }

    /// The words that count as empty cells, if anybody said which do.
    pub fn missing(&self) -> Option<&[String]> {
        self.missing.as_deref()
    }

    fn skip_empty(&mut self, name: &str) -> Result<(), DataError> {
        let place = self.place(name)?;
        let cells = self.column(place);
        let keep: Vec<bool> = cells.map(|cell| !cell.text.is_empty()).collect();
        let before = self.rows.len();
        let mut keep = keep.into_iter();
        self.rows.retain(|_| keep.next().unwrap_or(true));
        self.skipped += before - self.rows.len();
        match self.rows.is_empty() {
            true => Err(DataError::AllEmpty {
                file: self.file.clone(),
                column: name.to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// Rows that [`Self::read_for`] left out.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Where it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What to know about how it was read.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if self.has_row_names {
            remarks.push(Remark::RowNames);
        }
        let is_text = matches!(
            self.source,
            Source::Text {
                header: Some(_),
                ..
            }
        );
        if is_text && self.header.iter().all(|name| is_number(name)) && !is_counted(&self.header) {
            remarks.push(Remark::NumberHeader);
        }
        remarks
    }

    /// Number of rows; at least one.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Place of the column `name`.
    ///
    /// # Errors
    /// [`DataError::MissingColumn`], [`DataError::DuplicateColumn`] or
    /// [`DataError::UnreadableColumn`].
    pub fn place(&self, name: &str) -> Result<usize, DataError> {
        let (file, column) = (self.file.clone(), nfc(name));
        let mut places = (0..)
            .zip(&self.header)
            .filter(|(_, known)| **known == column);
        let place = match (places.next(), places.next()) {
            (Some((place, _)), None) => place,
            (Some(_), Some(_)) => return Err(DataError::DuplicateColumn { file, column }),
            (None, _) => {
                let found = self.header.clone();
                return Err(DataError::MissingColumn {
                    file,
                    column,
                    found,
                });
            }
        };
        match self.unreadable.get(&place) {
            None => Ok(place),
            Some(kind) => Err(DataError::UnreadableColumn {
                file,
                column,
                kind: kind.clone(),
            }),
        }
    }

    /// The cells at `place` of the header, row by row; all empty where there is no such place.
    pub fn column(&self, place: usize) -> impl Iterator<Item = Cell<'_>> + Clone {
        let missing = self.missing.as_deref().unwrap_or_default();
        self.rows.iter().map(move |row| {
            let text = row.cells.get(place).unwrap_or_default();
            Cell {
                row: row.number,
                text: match missing.iter().any(|word| word == text) {
                    true => "",
                    false => text,
                },
            }
        })
    }

    /// No column has decimal commas, which would make texts of its numbers, but for those that name rows.
    ///
    /// # Errors
    /// [`DataError::DecimalComma`]
    pub fn ensure_decimal_points(&self, except: &[String]) -> Result<(), DataError> {
        let columns = self.header.iter().enumerate();
        for (place, column) in columns.filter(|(_, column)| !except.contains(column)) {
            if let Some(cell) = self.decimal_comma(place) {
                return Err(DataError::DecimalComma {
                    file: self.file.clone(),
                    row: cell.row,
                    column: column.clone(),
                    cell: cell.text.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The first cell at `place` that has a decimal comma, where all others are whole numbers or have
    /// one as well.
    fn decimal_comma(&self, place: usize) -> Option<Cell<'_>> {
        let mut filled = self.column(place).filter(|cell| !cell.text.is_empty());
        let first = filled.clone().find(|cell| cell.text.contains(','))?;
        let is_number = |cell: Cell<'_>| is_number(&cell.text.replacen(',', ".", 1));
        filled.all(is_number).then_some(first)
    }

    /// Ending of a file that [`Self::write`] fills: `tsv` for tabs, else `csv`.
    pub fn ending(&self) -> &'static str {
        match self.source {
            Source::Text {
                delimiter: Delimiter::TAB,
                ..
            } => "tsv",
            _ => "csv",
        }
    }

    /// Writes the header and the given rows (from 0), in this order: byte for byte as the file has
    /// them, or as CSV where it is Parquet. Rows that do not exist are left out.
    ///
    /// # Errors
    /// What the system says; `Unsupported` for a Parquet column that has no text or no name
    /// of its own.
    pub fn write(&self, rows: &[usize], mut out: impl Write) -> io::Result<()> {
        let rows = rows.iter().filter_map(|row| self.rows.get(*row));
        match &self.source {
            Source::Text {
                text,
                header,
                line_end,
                ..
            } => {
                let places = rows.map(|row| row.place.clone());
                for place in header.iter().cloned().chain(places) {
                    out.write_all(text.get(place).unwrap_or_default())?;
                    out.write_all(line_end.as_bytes())?;
                }
            }
            Source::Parquet => {
                let unreadable = self.header.iter().find_map(|name| self.place(name).err());
                if let Some(error) = unreadable {
                    return Err(io::Error::new(
                        io::ErrorKind::Unsupported,
                        error.to_string(),
                    ));
                }
                let mut writer = csv::Writer::from_writer(&mut out);
                writer.write_record(&self.header)?;
                for row in rows {
                    writer.write_record(&row.cells)?;
                }
                writer.flush()?;
            }
        }
        out.flush()
    }
}

/// The delimiter that a file's name promises.
fn usual_delimiter(path: &Path) -> Delimiter {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let packed = [".gz", ".gzip", ".zst", ".zstd"];
    let unpacked = packed.iter().find_map(|ending| name.strip_suffix(ending));
    match unpacked.unwrap_or(&name).ends_with(".tsv") {
        true => Delimiter::TAB,
        false => Delimiter::COMMA,
    }
}

/// Parquet says itself what its columns are.
fn ensure_for_parquet(path: &Path, reading: &Reading) -> Result<(), DataError> {
    let flag = match reading {
        Reading {
            delimiter: Some(_), ..
        } => "--delimiter",
        Reading {
            no_header: true, ..
        } => "--no-header",
        _ => return Ok(()),
    };
    Err(DataError::NotForParquet {
        file: path.into(),
        flag,
    })
}

/// A name in Unicode's composed form, in which one that looks the same is the same.
pub(super) fn nfc(name: &str) -> String {
    name.nfc().collect()
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether names count columns, from 0 or 1, as pandas names those that have no name.
fn is_counted(header: &[String]) -> bool {
    let counts = |from: usize| {
        let names = header.iter().zip(from..);
        names
            .into_iter()
            .all(|(name, place)| *name == place.to_string())
    };
    counts(0) || counts(1)
}

/// [`DataError::Read`] of a file.
fn read_error(file: &Path, source: impl Into<io::Error>) -> DataError {
    DataError::Read {
        file: file.into(),
        source: source.into(),
    }
}

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod tests;
