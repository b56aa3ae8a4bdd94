//! CSV and TSV.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    ops::Range,
    path::Path,
};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

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
    let rows = records.into_iter().zip(spans).map(|(cells, (start, end))| {
        let place = lines(&text, *start..*end);
        number += line_feeds(&text, counted..place.start);
        counted = place.start;
        Row {
            number,
            cells,
            place,
        }
    });
    let rows = rows.collect();
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
    let names = header.iter().map(String::from_utf8_lossy);
    Ok(names.map(|name| name.into_owned()).collect())
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

fn line_feeds(text: &[u8], place: Range<usize>) -> u64 {
    let within = text.get(place).unwrap_or_default();
    within.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
