//! What files are, whatever they are called.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use super::{
    super::{
        Reading, Table,
        tests::{file, row, rows, write_number},
    },
    *,
};

const ROWS: &str = "a,b\n1,2\n3,4\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(name: &str, bytes: &[u8]) -> Result<Table, DataError> {
    let (_folder, path) = file(name, bytes);
    Table::read(&path, &Reading::default())
}

#[track_caller]
fn check_refused(name: &str, bytes: &[u8], expected: &str) {
    let (_folder, path) = file(name, bytes);
    let expected = format!("{}{expected}", path.display());
    let error = Table::read(&path, &Reading::default()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = Table::read_header(&path, &Reading::default()).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn compressed_rows_are_read() {
    let zstd = zstd::encode_all(ROWS.as_bytes(), 0).unwrap();
    let two_members = [gzip(b"a,b\n1,2\n"), gzip(b"3,4\n")].concat();
    for (name, bytes) in [
        ("rows.csv.gz", gzip(ROWS.as_bytes())),
        ("rows.csv", gzip(ROWS.as_bytes())),
        ("rows.csv.gz", two_members),
        ("rows.csv.zst", zstd),
        ("rows.tsv.gz", gzip(ROWS.replace(',', "\t").as_bytes())),
    ] {
        let table = read(name, &bytes).unwrap();
        assert_eq!(table.header(), ["a", "b"]);
        assert_eq!(rows(&table), [row(2, &["1", "2"]), row(3, &["3", "4"])]);
        assert_eq!(table.ending() == "tsv", name.contains("tsv"));
    }
}

#[test]
fn what_is_compressed_and_damaged_or_too_large_is_refused() {
    let packed = gzip(ROWS.as_bytes());
    let cut = packed.get(..packed.len() - 9).unwrap();
    let error = read("rows.csv.gz", cut).unwrap_err().to_string();
    assert!(error.contains("cannot be unpacked by gzip: "), "{error}");
    let zeros = vec![b'0'; UNPACKED_BYTES_MIN as usize + 1];
    let bomb = zstd::encode_all(zeros.as_slice(), 0).unwrap();
    let error = read("rows.csv.zst", &bomb).unwrap_err().to_string();
    assert!(
        error.contains("becomes more than 268435456 bytes"),
        "{error}"
    );
}

#[test]
fn parquet_is_known_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["rows.parq", "rows", "rows.csv"] {
        let path = folder.path().join(name);
        write_number(&path, 1.5);
        let table = Table::read(&path, &Reading::default()).unwrap();
        assert_eq!(rows(&table), [row(1, &["1.5"])]);
    }
    let packed = gzip(&fs::read(folder.path().join("rows")).unwrap());
    check_refused(
        "rows.parquet.gz",
        &packed,
        " is a compressed Parquet file, which is not read: unpack it: Parquet is compressed within",
    );
    let table = read("rows.csv", b"PAR1,ORC\n1,2\n").unwrap();
    assert_eq!(table.header(), ["PAR1", "ORC"]);
}

#[test]
fn other_formats_are_named() {
    let workbook = b"PK\x03\x04\x14\0\0\0\x08\0....xl/workbook.xml";
    let save = ", which is not read: save its sheet as CSV";
    check_refused(
        "rows.xlsx",
        workbook,
        &format!(" is an Excel workbook (xlsx){save}"),
    );
    check_refused(
        "rows.csv",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0",
        &format!(" is an old Excel workbook (xls){save}"),
    );
    let pandas =
        ", which is not read: read it with pandas, and write its rows with to_csv or to_parquet";
    for (bytes, kind) in [
        (&b"ARROW1\0\0"[..], "an Arrow file (Feather)"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x80\x04\x95", "a pickle of Python"),
        (b"ORC\x0a\x03\0", "an ORC file"),
        (b"[\n  {\"a\": 1}\n]", "a JSON file"),
        (b"{\"a\": [1]}", "a JSON file"),
    ] {
        check_refused("rows.parquet", bytes, &format!(" is {kind}{pandas}"));
        check_refused("rows.csv.gz", &gzip(bytes), &format!(" is {kind}{pandas}"));
    }
    for (bytes, kind) in [
        (&b"SQLite format 3\0"[..], "an SQLite database"),
        (b"%PDF-1.7", "a PDF"),
        (b"\n<!DOCTYPE HTML><html>", "a web page (HTML)"),
        (b"PK\x03\x04\0", "a ZIP archive"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "a pointer of Git LFS",
        ),
        (
            b"a\0,\0b\0\n\0",
            "no text, or text in UTF-16 without a byte order mark",
        ),
    ] {
        let error = read("rows.csv", bytes).unwrap_err().to_string();
        assert!(
            error.contains(&format!(" is {kind}, which is not read: ")),
            "{error}"
        );
    }
}

#[test]
fn utf_16_with_its_mark_is_read() {
    let text = "\u{feff}größe,b\r\n1,😀\r\n";
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [&little, &big] {
        let table = read("rows.csv", bytes).unwrap();
        assert_eq!(table.header(), ["größe", "b"]);
        assert_eq!(rows(&table), [row(2, &["1", "😀"])]);
    }
    let cut = little.get(..little.len() - 6).unwrap();
    let error = read("rows.csv", cut).unwrap_err().to_string();
    assert!(
        error.ends_with("row 2 is not in UTF-8: save the file as UTF-8"),
        "{error}"
    );
}
