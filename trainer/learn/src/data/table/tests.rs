//! Literal files of every format, and the tables that they become.

use std::{fs, path::PathBuf, sync::Arc};

use ::parquet::{
    data_type::{
        BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
        Int32Type, Int64Type,
    },
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use tempfile::TempDir;

use super::*;

pub(super) fn file(name: &str, text: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// Rows of a table with their numbers.
pub(super) fn rows(table: &Table) -> Vec<(u64, Vec<String>)> {
    let column = |place| table.column(place);
    let mut rows: Vec<_> = column(0).map(|cell| (cell.row, Vec::new())).collect();
    for place in 0..table.header().len() {
        for ((_, cells), cell) in rows.iter_mut().zip(column(place)) {
            cells.push(cell.text.to_owned());
        }
    }
    rows
}

pub(super) fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (number, cells.iter().map(ToString::to_string).collect())
}

pub(super) fn written(table: &Table, rows: &[usize]) -> String {
    let mut out = Vec::new();
    table.write(rows, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn rows_have_the_numbers_that_editors_show() {
    for line_end in ["\n", "\r\n"] {
        let text = "a,b\n1,2\n\n\"3\n\",4\n\n5\n".replace('\n', line_end);
        let (_folder, path) = file("rows.csv", text.as_bytes());
        let table = Table::read(&path, &Reading::default()).unwrap();
        let expected = [row(2, &["1", "2"]), row(4, &["3", "4"]), row(7, &["5", ""])];
        assert_eq!(rows(&table), expected, "{text:?}");
    }
}

#[test]
fn tabs_separate_in_tsv() {
    let (_folder, path) = file("rows.TSV", b"a\tb c\n1,5\t2\n\t3\n");
    let table = Table::read(&path, &Reading::default()).unwrap();
    assert_eq!(table.header(), ["a", "b c"]);
    assert_eq!(rows(&table), [row(2, &["1,5", "2"]), row(3, &["", "3"])]);
    assert_eq!(table.ending(), "tsv");
    assert_eq!(written(&table, &[1]), "a\tb c\n\t3\n");
}

#[test]
fn text_is_written_as_it_stood() {
    let text = "\u{feff}a , b\r\n\r\n\"x\r\ny\" ,2\r\n 3,\"4\"\"\"";
    let (_folder, path) = file("rows.csv", text.as_bytes());
    let table = Table::read(&path, &Reading::default()).unwrap();
    assert_eq!(table.ending(), "csv");
    let expected = "\u{feff}a , b\r\n 3,\"4\"\"\"\r\n\"x\r\ny\" ,2\r\n";
    assert_eq!(written(&table, &[1, 0, 2]), expected);
}

#[test]
fn a_header_is_read_without_rows() {
    let (_folder, path) = file("rows.csv", b" a,b \n\"never closed");
    assert_eq!(
        Table::read_header(&path, &Reading::default()).unwrap(),
        ["a", "b"]
    );
    let (_folder, path) = file("rows.csv", b"");
    let error = Table::read_header(&path, &Reading::default()).unwrap_err();
    assert!(matches!(error, DataError::Empty { .. }), "{error}");
}

/// Writes Parquet with these columns.
macro_rules! parquet_file {
    ($path:expr, $message:expr, $($kind:ty: $values:expr, $levels:expr);+ $(;)?) => {{
        let schema = Arc::new(parse_message_type($message).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let out = fs::File::create($path).unwrap();
        let mut writer = SerializedFileWriter::new(out, schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        $(
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch($values, $levels, None).unwrap();
            column.close().unwrap();
        )+
        group.close().unwrap();
        writer.close().unwrap();
    }};
}

/// Writes Parquet with one row of one column, `x`.
pub(super) fn write_number(path: &Path, number: f64) {
    parquet_file!(path, "message rows { required double x; }", DoubleType: &[number], None;);
}

fn texts(values: &[&str]) -> Vec<ByteArray> {
    values.iter().map(|text| ByteArray::from(*text)).collect()
}

#[test]
fn parquet_becomes_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let fixed = FixedLenByteArray::from;
    parquet_file!(&path,
        "message rows {
            optional double size; required int32 small (INTEGER(8, false)); required int64 large;
            required boolean flag; optional binary name (STRING);
            required int32 price (DECIMAL(5, 2)); required fixed_len_byte_array(2) whole (DECIMAL(4, 0));
        }",
        DoubleType: &[0.1, 7.0], Some(&[1, 0, 1]);
        Int32Type: &[200, 1, 2], None;
        Int64Type: &[i64::MIN, 2, 3], None;
        BoolType: &[true, false, true], None;
        ByteArrayType: &texts(&[" red ", "a,\"b\""]), Some(&[1, 1, 0]);
        Int32Type: &[-5, 1234, 100], None;
        FixedLenByteArrayType: &[fixed(vec![0, 7]), fixed(vec![255, 255]), fixed(vec![1, 0])], None;
    );
    let table = Table::read(&path, &Reading::default()).unwrap();
    let header = ["size", "small", "large", "flag", "name", "price", "whole"];
    assert_eq!(table.header(), header);
    assert_eq!(
        Table::read_header(&path, &Reading::default()).unwrap(),
        header
    );
    let expected = [
        row(
            1,
            &[
                "0.1",
                "200",
                "-9223372036854775808",
                "true",
                "red",
                "-0.05",
                "7",
            ],
        ),
        row(2, &["", "1", "2", "false", "a,\"b\"", "12.34", "-1"]),
        row(3, &["7", "2", "3", "true", "", "1.00", "256"]),
    ];
    assert_eq!(rows(&table), expected);
    assert_eq!(table.ending(), "csv");
    let expected = "size,small,large,flag,name,price,whole\n,1,2,false,\"a,\"\"b\"\"\",12.34,-1\n";
    assert_eq!(written(&table, &[1]), expected);
}

#[test]
fn dates_and_times_are_what_pandas_writes_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let day = 86_400;
    parquet_file!(&path,
        "message rows {
            optional int32 day (DATE); required int64 midnight (TIMESTAMP(MILLIS, false));
            required int64 second (TIMESTAMP(MICROS, false)); required int64 exact (TIMESTAMP(NANOS, false));
            required int64 milli (TIMESTAMP(MILLIS, false)); required int64 zoned (TIMESTAMP(MICROS, true));
        }",
        Int32Type: &[19_723, -1], Some(&[1, 1, 0]);
        Int64Type: &[0, 19_723 * day * 1_000, -day * 1_000], None;
        Int64Type: &[0, 1_000_000, -1_000_000], None;
        Int64Type: &[0, 1, 1_000_000_001], None;
        Int64Type: &[0, 1, 1_000], None;
        Int64Type: &[0, 1_000, 1_000_000], None;
    );
    let table = Table::read(&path, &Reading::default()).unwrap();
    let expected = [
        row(
            1,
            &[
                "2024-01-01",
                "1970-01-01",
                "1970-01-01 00:00:00",
                "1970-01-01 00:00:00.000000000",
                "1970-01-01 00:00:00.000",
                "1970-01-01 00:00:00+00:00",
            ],
        ),
        row(
            2,
            &[
                "1969-12-31",
                "2024-01-01",
                "1970-01-01 00:00:01",
                "1970-01-01 00:00:00.000000001",
                "1970-01-01 00:00:00.001",
                "1970-01-01 00:00:00.001000+00:00",
            ],
        ),
        row(
            3,
            &[
                "",
                "1969-12-31",
                "1969-12-31 23:59:59",
                "1970-01-01 00:00:01.000000001",
                "1970-01-01 00:00:01.000",
                "1970-01-01 00:00:01+00:00",
            ],
        ),
    ];
    assert_eq!(rows(&table), expected);
}

#[test]
fn a_column_is_found_by_how_its_name_looks() {
    let composed = "caf\u{e9}";
    let decomposed = "cafe\u{301}";
    for (inside, asked) in [(composed, decomposed), (decomposed, composed)] {
        let (_folder, path) = file("rows.csv", format!("{inside},y\n1,2\n").as_bytes());
        let table = Table::read(&path, &Reading::default()).unwrap();
        assert_eq!(table.place(asked).unwrap(), 0);
        assert_eq!(table.header(), [composed, "y"]);
    }
}

#[test]
fn nothing_is_said_of_parquet_that_it_says_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    parquet_file!(&path, "message rows { required double x; }", DoubleType: &[1.0], None;);
    let reading = Reading {
        no_header: true,
        ..Reading::default()
    };
    let error = Table::read(&path, &reading).unwrap_err().to_string();
    assert!(error.ends_with("leave out --no-header"), "{error}");
}

#[test]
fn parquet_columns_of_other_types_are_named_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    parquet_file!(&path,
        "message rows {
            required int32 hour (TIME(MILLIS, true)); required int64 time (TIME(NANOS, true));
            required double size; required binary blob; required group place { required int32 x; }
        }",
        Int32Type: &[20_000], None;
        Int64Type: &[1], None;
        DoubleType: &[1.5], None;
        ByteArrayType: &texts(&["x"]), None;
        Int32Type: &[3], None;
    );
    let table = Table::read(&path, &Reading::default()).unwrap();
    let size = table.place("size").unwrap();
    assert_eq!(table.column(size).next().unwrap().text, "1.5");
    let error = table.place("hour").unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}, column \"hour\": its type is TIME_MILLIS, which has no place in a schema: store numbers, \
             text or Booleans",
            path.display()
        )
    );
    for name in ["time", "blob", "place"] {
        let error = table.place(name).unwrap_err();
        assert!(
            matches!(error, DataError::UnreadableColumn { .. }),
            "{error}"
        );
    }
    let error = table.write(&[0], Vec::new()).unwrap_err().to_string();
    assert!(
        error.contains("column \"hour\": its type is TIME_MILLIS"),
        "{error}"
    );
}

#[test]
fn parquet_without_a_readable_column_or_with_two_of_a_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    parquet_file!(&path,
        "message rows { required int32 hour (TIME(MILLIS, true)); }",
        Int32Type: &[20_000], None;
    );
    let error = Table::read(&path, &Reading::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("column \"hour\": its type is TIME_MILLIS"),
        "{error}"
    );
    parquet_file!(&path,
        "message rows { required double x; required double x; }",
        DoubleType: &[1.0], None;
        DoubleType: &[2.0], None;
    );
    let table = Table::read(&path, &Reading::default()).unwrap();
    let error = table.write(&[0], Vec::new()).unwrap_err().to_string();
    assert!(error.contains("the column \"x\" more than once"), "{error}");
}

#[test]
fn what_is_no_parquet_is_refused() {
    let (_folder, path) = file("rows.parquet", b"a,b\n1,2\n");
    let error = Table::read(&path, &Reading::default())
        .unwrap_err()
        .to_string();
    let expected = format!("cannot read {}: ", path.display());
    assert!(
        error.starts_with(&expected) && error.contains("Parquet"),
        "{error}"
    );
    let error = Table::read(Path::new("no/such.parquet"), &Reading::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot read no/such.parquet: No such file"),
        "{error}"
    );
}
