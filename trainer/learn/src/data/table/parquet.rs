//! Parquet, by its records: fast enough for what fits in memory, and without Arrow.

use std::{collections::BTreeMap, fs::File, path::Path};

use csv::StringRecord;
use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, Type as Physical},
    errors::ParquetError,
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::Field,
    schema::types::Type,
};

use super::{DataError, Row, Source, Table, read_error};

/// More rows than this are not read into memory, whatever a file says of itself.
const ROWS_MAX: i64 = 10_000_000;

pub(super) fn read(path: &Path) -> Result<Table, DataError> {
    let error = |error: ParquetError| read_error(path, std::io::Error::other(error));
    let reader = open(path)?;
    let metadata = reader.metadata().file_metadata();
    let (schema, rows) = (metadata.schema(), metadata.num_rows());
    if !(0..=ROWS_MAX).contains(&rows) {
        return Err(DataError::TooManyRows {
            file: path.into(),
            rows,
            max: ROWS_MAX,
        });
    }
    let mut unreadable = BTreeMap::new();
    let mut readable = Vec::new();
    for (place, field) in schema.get_fields().iter().enumerate() {
        match other_type(field) {
            None => readable.push((place, field.clone())),
            Some(kind) => {
                unreadable.insert(place, kind);
            }
        }
    }
    let header = names(schema);
    // The reader would count rows of nothing.
    if readable.is_empty() {
        return Err(DataError::UnreadableColumn {
            file: path.into(),
            column: header.first().cloned().unwrap_or_default(),
            kind: unreadable.remove(&0).unwrap_or_default(),
        });
    }
    let (places, fields): (Vec<usize>, Vec<_>) = readable.into_iter().unzip();
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields)
        .build()
        .map_err(error)?;
    let mut rows = Vec::new();
    let records = reader.get_row_iter(Some(projection)).map_err(error)?;
    for (number, record) in (1..).zip(records) {
        let mut cells = vec![String::new(); header.len()];
        let values = record.map_err(error)?.into_columns();
        for (place, (_, value)) in places.iter().zip(values) {
            if let Some(cell) = cells.get_mut(*place) {
                *cell = text(&value);
            }
        }
        let mut cells = StringRecord::from(cells);
        cells.trim();
        rows.push(Row {
            number,
            cells,
            place: 0..0,
        });
    }
    Ok(Table {
        file: path.into(),
        header,
        rows,
        unreadable,
        source: Source::Parquet,
        missing: None,
        skipped: 0,
    })
}

pub(super) fn read_header(path: &Path) -> Result<Vec<String>, DataError> {
    Ok(names(open(path)?.metadata().file_metadata().schema()))
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, DataError> {
    let file = File::open(path).map_err(|error| read_error(path, error))?;
    let reader = SerializedFileReader::new(file)
        .map_err(|error| read_error(path, std::io::Error::other(error)))?;
    match reader.metadata().file_metadata().schema().get_fields() {
        [] => Err(DataError::Empty { file: path.into() }),
        _ => Ok(reader),
    }
}

fn names(schema: &Type) -> Vec<String> {
    let fields = schema.get_fields().iter();
    fields.map(|field| field.name().trim().to_owned()).collect()
}

/// The type of a column that holds something else than numbers, text or Booleans; none if it holds
/// these.
fn other_type(field: &Type) -> Option<String> {
    let info = field.get_basic_info();
    if !field.is_primitive() || info.repetition() == Repetition::REPEATED {
        return Some("a nested one".into());
    }
    let (physical, converted) = (field.get_physical_type(), info.converted_type());
    // What a plain reader would take for something else has a logical type only.
    let is_plain = converted == ConvertedType::NONE && info.logical_type_ref().is_none();
    let is_readable = match physical {
        Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE => true,
        Physical::INT32 | Physical::INT64 => {
            is_plain
                || matches!(
                    converted,
                    ConvertedType::INT_8
                        | ConvertedType::INT_16
                        | ConvertedType::INT_32
                        | ConvertedType::INT_64
                        | ConvertedType::UINT_8
                        | ConvertedType::UINT_16
                        | ConvertedType::UINT_32
                        | ConvertedType::UINT_64
                        | ConvertedType::DECIMAL
                )
        }
        Physical::BYTE_ARRAY => matches!(
            converted,
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::DECIMAL
        ),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            converted == ConvertedType::DECIMAL
                || info.logical_type_ref() == Some(&LogicalType::Float16)
        }
        Physical::INT96 => false,
    };
    let name = || match (converted, info.logical_type_ref()) {
        (ConvertedType::NONE, Some(logical)) => format!("{logical:?}"),
        (ConvertedType::NONE, None) => physical.to_string(),
        (converted, _) => converted.to_string(),
    };
    (!is_readable).then(name)
}

/// A value as a cell: floats by the fewest digits that say which they are.
fn text(value: &Field) -> String {
    match value {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        // Without decimal places the point is the last character.
        Field::Decimal(_) => value.to_string().trim_end_matches('.').to_owned(),
        value => value.to_string(),
    }
}
