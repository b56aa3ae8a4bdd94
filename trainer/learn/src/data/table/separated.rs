//! CSV and TSV, and what goes by these names.

mod delimiter;
mod layout;
mod quotes;

use std::{collections::BTreeMap, io, ops::Range, path::Path};

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};

use super::{DataError, Delimiter, Reading, Row, Source, Table, nfc, read_error};
use quotes::StrayKind;

/// The most that a header may take.
pub(super) const HEADER_BYTES_MAX: u64 = 1 << 20;

/// Reads the text of a file, in which `usual` separates cells as a rule.
pub(super) fn read(
    path: &Path,
    text: Vec<u8>,
    reading: &Reading,
    usual: Delimiter,
) -> Result<Table, DataError> {
    let delimiter::Found { start, delimiter } = delimiter::find(path, &text, reading, usual)?;
    let body = text.get(start..).unwrap_or_default();
    let mut reader = reader(body, delimiter, !reading.no_header);
    let named = header(path, &mut reader, reading)?;
    let mut records = Vec::new();
    for record in reader.into_byte_records() {
        records.push(record.map_err(|error| read_error(path, error))?);
    }
    // A record ends where the next one starts, blank lines between them included.
    let starts = records
        .iter()
        .map(|record| start.saturating_add(begin(record)));
    let starts: Vec<usize> = starts.chain([text.len()]).collect();
    let header_place = lines(&text, 0..starts.first().copied().unwrap_or_default());
    ensure_quotes(path, &text, &header_place, 1, delimiter)?;
    let mut rows = rows(path, &text, records, &starts, delimiter)?;
    let first_end = match reading.no_header {
        true => rows.first().map_or(0, |row| row.place.end),
        false => header_place.end,
    };
    let line_end = match text.get(first_end..) {
        Some([b'\r', b'\n', ..]) => "\r\n",
        _ => "\n",
    };
    let header = match named {
        Some(names) => names,
        None => numbered(rows.first().map_or(0, |row| row.cells.len())),
    };
    if let Some(row) = quotes::swallowing(&rows, &text, delimiter.byte(), header.len()) {
        return Err(DataError::SwallowedRows {
            file: path.into(),
            row: row.number,
        });
    }
    let mut has_row_names = false;
    if !reading.no_header {
        layout::ensure_no_title(path, &header, &rows)?;
        layout::ensure_one_header(path, &header, &rows)?;
        has_row_names = layout::take_row_names(path, header.len(), delimiter, &text, &mut rows)?;
    }
    layout::ensure_within(path, header.len(), delimiter, &rows)?;
    Ok(Table {
        file: path.into(),
        header,
        rows,
        unreadable: BTreeMap::new(),
        has_row_names,
        source: Source::Text {
            text,
            header: (!reading.no_header).then_some(header_place),
            line_end,
            delimiter,
        },
        missing: None,
        skipped: 0,
    })
}

/// Rows of records that begin at `starts`; the last of these is the end of the text.
fn rows(
    path: &Path,
    text: &[u8],
    records: Vec<ByteRecord>,
    starts: &[usize],
    delimiter: Delimiter,
) -> Result<Vec<Row>, DataError> {
    // Lines are counted from the last record's place on: a position's own count lags behind when
    // lines end with `\r\n` or are blank.
    let (mut counted, mut number) = (0, 1);
    let mut rows = Vec::with_capacity(records.len());
    let spans = starts.iter().zip(starts.iter().skip(1));
    for (cells, (start, end)) in records.into_iter().zip(spans) {
        let place = without_mark(text, lines(text, *start..*end));
        number += line_ends(text, counted..place.start);
        counted = place.start;
        ensure_quotes(path, text, &place, number, delimiter)?;
        rows.push(Row {
            number,
            cells: text_of(path, number, cells)?,
            place,
        });
    }
    Ok(rows)
}

/// The names in the beginning of a text; the first row's cells are counted where it has none.
pub(super) fn read_header(
    path: &Path,
    text: &[u8],
    reading: &Reading,
    usual: Delimiter,
) -> Result<Vec<String>, DataError> {
    let delimiter::Found { start, delimiter } = delimiter::find(path, text, reading, usual)?;
    let body = text.get(start..).unwrap_or_default();
    let mut reader = reader(body, delimiter, !reading.no_header);
    let names = match header(path, &mut reader, reading)? {
        Some(names) => names,
        None => {
            let first = reader.byte_records().next().transpose();
            let first = first.map_err(|error| read_error(path, error))?;
            numbered(first.map_or(0, |first| first.len()))
        }
    };
    let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
    ensure_quotes(
        path,
        text,
        &(start..start.saturating_add(end)),
        1,
        delimiter,
    )?;
    Ok(names)
}

fn reader<R: io::Read>(source: R, delimiter: Delimiter, has_header: bool) -> Reader<R> {
    ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(has_header)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(source)
}

/// The names in the first row; none where there is no header.
fn header<R: io::Read>(
    path: &Path,
    reader: &mut Reader<R>,
    reading: &Reading,
) -> Result<Option<Vec<String>>, DataError> {
    let header = reader
        .byte_headers()
        .map_err(|error| read_error(path, error))?;
    if header.is_empty() {
        return Err(DataError::Empty { file: path.into() });
    }
    if reading.no_header {
        return Ok(None);
    }
    let size: usize = header.iter().map(|name| name.len().saturating_add(1)).sum();
    if size as u64 >= HEADER_BYTES_MAX {
        return Err(DataError::LongHeader {
            file: path.into(),
            max: HEADER_BYTES_MAX,
        });
    }
    let names = text_of(path, 1, header.clone())?;
    Ok(Some(names.iter().map(nfc).collect()))
}

/// Names for columns that have none.
fn numbered(columns: usize) -> Vec<String> {
    (1..=columns).map(|column| format!("c{column}")).collect()
}

/// A record's cells as text.
fn text_of(path: &Path, row: u64, record: ByteRecord) -> Result<StringRecord, DataError> {
    let file = || path.into();
    let cells = StringRecord::from_byte_record(record);
    let mut cells = cells.map_err(|_| DataError::NotText { file: file(), row })?;
    // Of all spaces, as in Parquet: bytes are trimmed of ASCII's alone.
    cells.trim();
    Ok(cells)
}

/// Every quote in the record at `place`, which begins in row `number`, opens a cell or closes it.
fn ensure_quotes(
    path: &Path,
    text: &[u8],
    place: &Range<usize>,
    number: u64,
    delimiter: Delimiter,
) -> Result<(), DataError> {
    let record = text.get(without_mark(text, place.clone()));
    let record = record.unwrap_or_default();
    let Some(stray) = quotes::check(record, delimiter.byte()) else {
        return Ok(());
    };
    let file = path.into();
    let row = number + line_ends(record, 0..stray.at);
    Err(match stray.kind {
        StrayKind::Open => DataError::OpenQuote { file, row },
        StrayKind::TextAfter => DataError::TextAfterQuote { file, row },
        StrayKind::SpaceBefore => DataError::SpaceBeforeQuote { file, row },
    })
}

fn begin(record: &ByteRecord) -> usize {
    let byte = record.position().map_or(0, csv::Position::byte);
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// `place` without the byte order mark at its beginning.
fn without_mark(text: &[u8], place: Range<usize>) -> Range<usize> {
    let record = text.get(place.clone()).unwrap_or_default();
    match record.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => place.end.saturating_sub(rest.len())..place.end,
        None => place,
    }
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

#[cfg(test)]
mod tests;
