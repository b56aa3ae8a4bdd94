//! CSV and TSV.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    ops::Range,
    path::Path,
};

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};

use super::{DataError, Row, Source, Table, read_error};

pub(super) fn read(path: &Path, delimiter: u8) -> Result<Table, DataError> {
    let text = fs::read(path).map_err(|error| read_error(path, error))?;
    let mut reader = reader(text.as_slice(), delimiter);
    let header = header(path, &mut reader)?;
    let mut records = Vec::new();
    for record in reader.into_byte_records() {
        records.push(record.map_err(|error| read_error(path, error))?);
    }
    // A record ends where the next one starts, blank lines between them included.
    let starts = records.iter().map(start);
    let starts: Vec<usize> = starts.chain([text.len()]).collect();
    let header_place = lines(&text, 0..starts.first().copied().unwrap_or_default());
    let line_end = match text.get(header_place.end..) {
        Some([b'\r', b'\n', ..]) => "\r\n",
        _ => "\n",
    };
    let spans = starts.iter().zip(starts.iter().skip(1));
    // Lines are counted from the last record's place on: a position's own count lags behind when
    // lines end with `\r\n` or are blank.
    let (mut counted, mut number) = (0, 1);
    let mut rows = Vec::with_capacity(records.len());
    for (cells, (start, end)) in records.into_iter().zip(spans) {
        let place = lines(&text, *start..*end);
        number += line_ends(&text, counted..place.start);
        counted = place.start;
        rows.push(Row {
            number,
            cells: text_of(path, number, cells)?,
            place,
        });
    }
    for row in &rows {
        ensure_within(path, row, header.len())?;
    }
    if let Some(row) = rows.last() {
        ensure_closed(path, row, text.get(row.place.clone()).unwrap_or_default())?;
    }
    Ok(Table {
        file: path.into(),
        header,
        rows,
        unreadable: BTreeMap::new(),
        source: Source::Text {
            text,
            header: header_place,
            line_end,
            is_tsv: delimiter == b'\t',
        },
        missing: None,
        skipped: 0,
    })
}

pub(super) fn read_header(path: &Path, delimiter: u8) -> Result<Vec<String>, DataError> {
    let file = File::open(path).map_err(|error| read_error(path, error))?;
    header(path, &mut reader(file, delimiter))
}

fn reader<R: io::Read>(source: R, delimiter: u8) -> Reader<R> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(source)
}

fn header<R: io::Read>(path: &Path, reader: &mut Reader<R>) -> Result<Vec<String>, DataError> {
    let header = reader
        .byte_headers()
        .map_err(|error| read_error(path, error))?;
    if header.is_empty() {
        return Err(DataError::Empty { file: path.into() });
    }
    let names = text_of(path, 1, header.clone())?;
    Ok(names.iter().map(str::to_owned).collect())
}

/// A record's cells as text.
fn text_of(path: &Path, row: u64, record: ByteRecord) -> Result<StringRecord, DataError> {
    let file = || path.into();
    StringRecord::from_byte_record(record).map_err(|_| DataError::NotText { file: file(), row })
}

/// A row may be short, and end with delimiters, but what it holds must have a column.
fn ensure_within(path: &Path, row: &Row, columns: usize) -> Result<(), DataError> {
    let filled = (1..).zip(&row.cells).filter(|(_, cell)| !cell.is_empty());
    match filled.map(|(cells, _)| cells).last().unwrap_or(0) {
        cells if cells > columns => Err(DataError::ExtraCells {
            file: path.into(),
            row: row.number,
            cells,
            columns,
        }),
        _ => Ok(()),
    }
}

/// A quote that is still open at the end has taken in all rows from there on.
fn ensure_closed(path: &Path, last: &Row, text: &[u8]) -> Result<(), DataError> {
    let quotes = text.iter().filter(|byte| **byte == b'"').count();
    match text.contains(&b'\n') && quotes % 2 == 1 {
        true => Err(DataError::OpenQuote {
            file: path.into(),
            row: last.number,
        }),
        false => Ok(()),
    }
}

fn start(record: &ByteRecord) -> usize {
    let byte = record.position().map_or(0, csv::Position::byte);
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// `place` without the line ends around it.
fn lines(text: &[u8], place: Range<usize>) -> Range<usize> {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let within = text.get(place.clone()).unwrap_or_default();
    let before = within.iter().take_while(|byte| is_line_end(byte)).count();
    let after = within.iter().rev().take_while(|byte| is_line_end(byte));
    let start = place.start + before;
    start..place.end.saturating_sub(after.count()).max(start)
}

/// Lines that end within `place`: by `\n`, `\r\n`, or `\r` alone.
fn line_ends(text: &[u8], place: Range<usize>) -> u64 {
    let within = text.get(place.clone()).unwrap_or_default();
    let next = text
        .get(place.start.saturating_add(1)..)
        .unwrap_or_default();
    let next = next.iter().map(Some).chain([None]);
    let ends = within
        .iter()
        .zip(next)
        .filter(|(byte, next)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n')));
    ends.count() as u64
}
