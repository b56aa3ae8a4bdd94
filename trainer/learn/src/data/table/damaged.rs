//! Files of every kind with some bytes changed or their end cut off: they are read or refused, and
//! nothing panics.

use std::{fs, io::Write, path::Path, sync::Arc};

use ::parquet::{
    basic::{Compression, Encoding},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

/// Damaged copies of each file.
const COPIES: usize = 400;

const TEXT: &str =
    "a,b,when,y\n1.5,red,2024-01-01,true\n,\"blue, or\n\"\"green\"\"\",,false\n3,red,,true\n";

#[test]
fn damaged_text_is_read_or_refused() {
    check("rows.csv", TEXT.as_bytes());
    let utf_16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(TEXT.chars())
        .flat_map(|character| (character as u16).to_le_bytes())
        .collect();
    check("rows.csv", &utf_16);
}

#[test]
fn damaged_archives_are_read_or_refused() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TEXT.as_bytes()).unwrap();
    check("rows.csv.gz", &gzip.finish().unwrap());
    check(
        "rows.csv.zst",
        &zstd::encode_all(TEXT.as_bytes(), 0).unwrap(),
    );
}

#[test]
fn damaged_parquet_is_read_or_refused() {
    let v1 = WriterProperties::builder().set_compression(Compression::SNAPPY);
    check("rows.parquet", &parquet(v1.build()));
    let v2 = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_dictionary_enabled(false);
    for encoding in [
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
    ] {
        let properties = v2.clone().set_column_encoding("b".into(), encoding);
        check("rows.parquet", &parquet(properties.build()));
    }
}

/// Three rows of four columns, one of them in two pages at least.
fn parquet(properties: WriterProperties) -> Vec<u8> {
    let schema = "message rows {
        optional double a; optional binary b (STRING); required int64 when (TIMESTAMP(NANOS, false));
        required boolean y;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let levels = Some(&[1i16, 0, 1][..]);
    let texts = ["red", "blue"].map(ByteArray::from);
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[1.5, 3.0], levels, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&texts, levels, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&[0, 1, 2], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<BoolType>()
        .write_batch(&[true, false, true], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[track_caller]
fn check(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    assert_eq!(Table::read(&path, &Reading::default()).unwrap().rows(), 3);
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..COPIES {
        fs::write(&path, damaged(bytes, &mut random)).unwrap();
        try_all(&path);
    }
}

fn damaged(bytes: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if random.random_ratio(1, 8) {
        bytes.truncate(random.random_range(0..bytes.len()));
    }
    for _ in 0..random.random_range(1..4) {
        let place = random.random_range(0..bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(place) {
            *byte = random.random();
        }
    }
    bytes
}

fn try_all(path: &Path) {
    for no_header in [false, true] {
        let reading = Reading {
            no_header,
            ..Reading::default()
        };
        // The errors' sentences are made as well.
        let _ = Table::read_header(path, &reading).map_err(|error| error.to_string());
        if let Ok(table) = Table::read(path, &reading) {
            let all: Vec<usize> = (0..table.rows()).collect();
            let _ = table.write(&all, Vec::new());
        }
    }
}
