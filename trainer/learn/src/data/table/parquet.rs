//! Parquet, by its records: fast enough for what fits in memory, and without Arrow.

mod bounded;
mod column;
mod quiet;

use std::{collections::BTreeMap, fs::File, path::Path};

use csv::StringRecord;
use parquet::{
    errors::ParquetError,
    file::{
        reader::{FileReader, RowGroupReader},
        serialized_reader::SerializedFileReader,
    },
    record::Row as Record,
    schema::types::{Type, TypePtr},
};

use super::{DataError, Row, Source, Table, nfc, read_error};
use bounded::Bounded;
use column::{Kind, Precision};

/// More rows, or cells, than these are not read into memory, whatever a file says of itself.
const ROWS_MAX: i64 = 10_000_000;
const CELLS_MAX: i64 = 1 << 29;

pub(super) fn read(path: &Path, file: File) -> Result<Table, DataError> {
    caught(path, || table(path, file))
}

pub(super) fn read_header(path: &Path, file: File) -> Result<Vec<String>, DataError> {
    caught(path, || {
        let reader = open(path, file)?;
        Ok(names(reader.metadata().file_metadata().schema()))
    })
}

/// What `read` finds in the file; a panic means that it is damaged.
fn caught<T>(path: &Path, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    quiet::catch(read).unwrap_or_else(|| Err(damaged(path)))
}

fn damaged(path: &Path) -> DataError {
    DataError::Damaged { file: path.into() }
}

/// A column that can be read.
struct Column {
    /// Its place in the file.
    place: usize,
    field: TypePtr,
    kind: Kind,
    precision: Precision,
}

fn table(path: &Path, file: File) -> Result<Table, DataError> {
    let reader = open(path, file)?;
    let metadata = reader.metadata().file_metadata();
    let header = names(metadata.schema());
    ensure_size(path, &reader, header.len())?;
    let mut unreadable = BTreeMap::new();
    let mut columns = Vec::new();
    for (place, field) in metadata.schema().get_fields().iter().enumerate() {
        match Kind::of(field) {
            Ok(kind) => columns.push(Column {
                place,
                field: field.clone(),
                kind,
                precision: Precision::Days,
            }),
            Err(kind) => {
                unreadable.insert(place, kind);
            }
        }
    }
    // The reader would count rows of nothing.
    if columns.is_empty() {
        return Err(DataError::UnreadableColumn {
            file: path.into(),
            column: header.first().cloned().unwrap_or_default(),
            kind: unreadable.remove(&0).unwrap_or_default(),
        });
    }
    find_precision(path, &reader, &mut columns)?;
    let mut rows = Vec::new();
    each_record(path, &reader, &columns, |record| {
        let mut cells = vec![String::new(); header.len()];
        for (column, (_, value)) in columns.iter().zip(record.into_columns()) {
            if let Some(cell) = cells.get_mut(column.place) {
                *cell = column.kind.text(&value, column.precision);
            }
        }
        let mut cells = StringRecord::from(cells);
        cells.trim();
        rows.push(Row {
            number: rows.len() as u64 + 1,
            cells,
            place: 0..0,
        });
    })?;
    Ok(Table {
        file: path.into(),
        header,
        rows,
        unreadable,
        has_row_names: false,
        source: Source::Parquet,
        missing: None,
        skipped: 0,
    })
}

/// Looks at all times, as one of them says how exactly the others of its column are written.
fn find_precision(
    path: &Path,
    reader: &SerializedFileReader<File>,
    columns: &mut [Column],
) -> Result<(), DataError> {
    let mut times: Vec<&mut Column> = columns
        .iter_mut()
        .filter(|column| matches!(column.kind, Kind::Time { .. }))
        .collect();
    for column in &mut times {
        let mut precision = column.precision;
        each_record(path, reader, std::slice::from_ref(&**column), |record| {
            for (_, value) in record.into_columns() {
                precision = precision.max(column.kind.precision(&value));
            }
        })?;
        column.precision = precision;
    }
    Ok(())
}

/// Reads these columns record by record.
fn each_record(
    path: &Path,
    reader: &SerializedFileReader<File>,
    columns: &[Column],
    mut visit: impl FnMut(Record),
) -> Result<(), DataError> {
    let error = |error: ParquetError| read_error(path, std::io::Error::other(error));
    let schema = reader.metadata().file_metadata().schema();
    let fields = columns.iter().map(|column| column.field.clone()).collect();
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields)
        .build()
        .map_err(error)?;
    for group in 0..reader.num_row_groups() {
        let group = Bounded(reader.get_row_group(group).map_err(error)?);
        let records = group.get_row_iter(Some(projection.clone()));
        for record in records.map_err(error)? {
            visit(record.map_err(error)?);
        }
    }
    Ok(())
}

fn open(path: &Path, file: File) -> Result<SerializedFileReader<File>, DataError> {
    let reader = SerializedFileReader::new(file)
        .map_err(|error| read_error(path, std::io::Error::other(error)))?;
    match reader.metadata().file_metadata().schema().get_fields() {
        [] => Err(DataError::Empty { file: path.into() }),
        _ => Ok(reader),
    }
}

/// The rows are so many that they fit in memory, and in every group as many as the file says in all.
fn ensure_size(
    path: &Path,
    reader: &SerializedFileReader<File>,
    columns: usize,
) -> Result<(), DataError> {
    let rows = reader.metadata().file_metadata().num_rows();
    let columns = i64::try_from(columns).unwrap_or(i64::MAX).max(1);
    let max = ROWS_MAX.min(CELLS_MAX / columns);
    if !(0..=max).contains(&rows) {
        return Err(DataError::TooManyRows {
            file: path.into(),
            rows,
            max,
        });
    }
    let groups = reader.metadata().row_groups().iter();
    let mut in_groups = groups.map(|group| u64::try_from(group.num_rows()).ok());
    let sum = in_groups.try_fold(0u64, |sum, rows| sum.checked_add(rows?));
    match sum.is_some_and(|sum| i64::try_from(sum) == Ok(rows)) {
        true => Ok(()),
        false => Err(damaged(path)),
    }
}

fn names(schema: &Type) -> Vec<String> {
    let fields = schema.get_fields().iter();
    fields.map(|field| nfc(field.name().trim())).collect()
}
