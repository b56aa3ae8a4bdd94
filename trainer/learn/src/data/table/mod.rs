//! A data file in memory: its header and its cells, as text.
//!
//! All formats become the same text, so that the clients of a federation may keep their rows in
//! different ones: an empty cell is the empty text, numbers are decimal text, Booleans `true` and
//! `false`.

mod parquet;
mod separated;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use csv::StringRecord;

use super::{DataError, Delimiter, Reading};

/// A file's header and rows. Every row has a cell in every column; what a short row lacks is empty.
#[derive(Debug, Clone)]
pub struct Table {
    file: PathBuf,
    header: Vec<String>,
    rows: Vec<Row>,
    /// Type of each column whose values are no text, number or Boolean, by its place.
    unreadable: BTreeMap<usize, String>,
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
    /// The whole file.
    Text {
        text: Vec<u8>,
        /// Where the header stands in it.
        header: Range<usize>,
        /// `\n` or `\r\n`.
        line_end: &'static str,
        is_tsv: bool,
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

/// Formats, by the ending of a file's name.
enum Format {
    Csv,
    Tsv,
    Parquet,
}

impl Format {
    fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("tsv") => Self::Tsv,
            Some("parquet") => Self::Parquet,
            _ => Self::Csv,
        }
    }
}

impl Table {
    /// Reads a file: TSV when its name ends with `.tsv`, Parquet with `.parquet`, else CSV.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::Empty`] or [`DataError::NoRows`]; in CSV and TSV also
    /// [`DataError::NotText`], [`DataError::ExtraCells`] or [`DataError::OpenQuote`], in Parquet
    /// [`DataError::TooManyRows`] or, where no column can be read, [`DataError::UnreadableColumn`].
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, DataError> {
        let delimiter = |usual| reading.delimiter.unwrap_or(usual).byte();
        let mut table = match Format::of(path) {
            Format::Csv => separated::read(path, delimiter(Delimiter::COMMA))?,
            Format::Tsv => separated::read(path, delimiter(Delimiter::TAB))?,
            Format::Parquet => parquet::read(path)?,
        };
        if table.rows.is_empty() {
            return Err(DataError::NoRows { file: path.into() });
        }
        table.missing = reading.missing.clone();
        Ok(table)
    }

    /// Reads the names of a file's columns and nothing else: no row is looked at.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::Empty`] or [`DataError::NotText`].
    pub fn read_header(path: &Path, reading: &Reading) -> Result<Vec<String>, DataError> {
        let delimiter = |usual| reading.delimiter.unwrap_or(usual).byte();
        match Format::of(path) {
            Format::Csv => separated::read_header(path, delimiter(Delimiter::COMMA)),
            Format::Tsv => separated::read_header(path, delimiter(Delimiter::TAB)),
            Format::Parquet => parquet::read_header(path),
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
        let (file, column) = (self.file.clone(), name.to_owned());
        let mut places = (0..).zip(&self.header).filter(|(_, known)| *known == name);
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

    /// Ending of a file that [`Self::write`] fills: `tsv` for TSV, else `csv`.
    pub fn ending(&self) -> &'static str {
        match self.source {
            Source::Text { is_tsv: true, .. } => "tsv",
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
                for place in std::iter::once(header.clone()).chain(places) {
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

/// [`DataError::Read`] of a file.
fn read_error(file: &Path, source: impl Into<io::Error>) -> DataError {
    DataError::Read {
        file: file.into(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests;
