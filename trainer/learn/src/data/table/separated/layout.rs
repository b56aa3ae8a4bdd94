//! What a header and rows say together: titles above it, rows with a name, a second header.

use std::{collections::BTreeSet, path::Path};

use csv::StringRecord;

use super::super::{DataError, Delimiter, Row, is_number};

/// A header of one cell above rows of several is none, nor is one with nothing beside its first cell.
pub(super) fn ensure_no_title(
    path: &Path,
    header: &[String],
    rows: &[Row],
) -> Result<(), DataError> {
    let (title, beyond) = match header {
        // Rows of two cells may have a name each.
        [title] => (title, 2),
        [title, others @ ..] if others.iter().all(String::is_empty) => (title, 1),
        _ => return Ok(()),
    };
    match rows.iter().any(|row| filled(row) > beyond) {
        true => Err(DataError::Title {
            file: path.into(),
            title: title.clone(),
        }),
        false => Ok(()),
    }
}

/// The header once more among the rows, in whatever order: another file was appended.
pub(super) fn ensure_one_header(
    path: &Path,
    header: &[String],
    rows: &[Row],
) -> Result<(), DataError> {
    // Rows of numbers may well be what numbers are called.
    if header.iter().all(|name| is_number(name)) {
        return Ok(());
    }
    let mut names: Vec<&str> = header.iter().map(String::as_str).collect();
    names.sort_unstable();
    let is_header = |row: &&Row| {
        // The mark at the beginning of a file is within a joined one.
        let cells = row
            .cells
            .iter()
            .map(|cell| cell.trim_start_matches('\u{feff}'));
        let is_name = |cell: &str| names.binary_search(&cell).is_ok();
        if row.cells.len() != names.len() || !cells.clone().all(is_name) {
            return false;
        }
        let mut cells: Vec<&str> = cells.collect();
        cells.sort_unstable();
        cells == names
    };
    match rows.iter().find(is_header) {
        Some(row) => Err(DataError::RepeatedHeader {
            file: path.into(),
            row: row.number,
        }),
        None => Ok(()),
    }
}

/// Takes the first cell of every row away where the header lacks it, as pandas and R write the names of
/// rows; whether it did.
pub(super) fn take_row_names(
    path: &Path,
    columns: usize,
    delimiter: Delimiter,
    text: &[u8],
    rows: &mut [Row],
) -> Result<bool, DataError> {
    if rows.is_empty() || rows.iter().any(|row| row.cells.len() != columns + 1) {
        return Ok(false);
    }
    let names: Vec<&str> = rows.iter().filter_map(|row| row.cells.get(0)).collect();
    // Unquoted numbers may be the whole part of a number with a decimal comma.
    let is_quoted = |row: &Row| text.get(row.place.start) == Some(&b'"');
    let is_name =
        |(row, name): (&Row, &&str)| !name.is_empty() && (is_quoted(row) || !is_number(name));
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    let are_names = rows.iter().zip(&names).all(is_name) && distinct.len() == names.len();
    // With nothing in the last cells, it may be these that the header lacks.
    let last = rows.iter().filter_map(|row| row.cells.get(columns));
    let is_filled = last.clone().any(|cell| !cell.is_empty());
    if !(are_names && is_filled && columns > 1) {
        return Err(DataError::OneCellMore {
            file: path.into(),
            columns,
            delimiter,
        });
    }
    for row in rows {
        row.cells = row.cells.iter().skip(1).collect::<StringRecord>();
    }
    Ok(true)
}

/// A row may be short, and end with delimiters, but what it holds must have a column.
pub(super) fn ensure_within(
    path: &Path,
    columns: usize,
    delimiter: Delimiter,
    rows: &[Row],
) -> Result<(), DataError> {
    for row in rows {
        let cells = filled(row);
        if cells > columns {
            return Err(DataError::ExtraCells {
                file: path.into(),
                row: row.number,
                cells,
                columns,
                delimiter,
            });
        }
    }
    Ok(())
}

/// Cells of a row, without empty ones at its end.
fn filled(row: &Row) -> usize {
    let cells = (1..).zip(&row.cells).filter(|(_, cell)| !cell.is_empty());
    cells.map(|(cells, _)| cells).last().unwrap_or(0)
}
