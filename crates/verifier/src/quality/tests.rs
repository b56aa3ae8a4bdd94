//! What is measured, and every way in which a holdout is none.

use std::{vec, vec::Vec};

use fedchain_fl::{
    Column, Decimal, Format, Initial, ModelSpec, Optimiser, Schema, Strategy, Target,
    limits::{CHUNK_BYTES, PART_BYTES_MAX, PART_CHUNKS_MAX},
};

use super::*;

/// Bytes of 300 values, a row: no divisor of a chunk's.
const ROW_BYTES: usize = 1_200;
/// Rows of two parts and a bit.
const ROWS: u32 = 2 * PART_BYTES_MAX / ROW_BYTES as u32 + 5;

/// 299 features, three classes.
fn task() -> TaskSpec {
    let column = |place| {
        Column::number(
            std::format!("x{place}").parse().unwrap(),
            Decimal::whole(0),
            Decimal::whole(1),
        )
    };
    let features: Vec<_> = (0..299).map(column).collect();
    TaskSpec {
        model: ModelSpec::Softmax,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: features.try_into().unwrap(),
            target: Target::Classes {
                name: "y".parse().unwrap(),
                labels: ["a", "b", "c"]
                    .map(|label| label.parse().unwrap())
                    .to_vec()
                    .try_into()
                    .unwrap(),
            },
        },
    }
}

/// Rows whose class is 2 and whose features are no class.
fn holdout() -> Vec<u8> {
    let mut row = vec![9u8; ROW_BYTES - 4];
    row.extend([2, 0, 0, 0]);
    row.repeat(ROWS as usize)
}

/// Checks the holdout part by part, as it would arrive.
fn parts(task: &TaskSpec, bytes: &[u8]) -> Result<(), Error> {
    (0..)
        .step_by(PART_CHUNKS_MAX as usize)
        .zip(bytes.chunks(PART_BYTES_MAX as usize))
        .try_for_each(|(first, part)| {
            Rows {
                task,
                rows: ROWS,
                first,
            }
            .verify(part)
        })
}

fn measure(task: &TaskSpec, model: &[i32], bytes: &[u8]) -> Result<u64, Error> {
    let rows = ROWS;
    Quality { task, rows, model }.verify(bytes)
}

/// Of zeros: the loss of a guess among three, within 2^-28.
#[test]
fn a_whole_holdout_measures_a_model() {
    let task = task();
    assert_eq!(parts(&task, &holdout()), Ok(()));
    let loss = measure(&task, &[0; 900], &holdout()).unwrap();
    let expected = 3f64.ln() * 2f64.powi(32);
    assert!((loss as f64 - expected).abs() <= 16.0, "{loss}");
}

#[test]
fn another_length_is_refused_before_anything_is_decoded() {
    let (task, needed) = (task(), ROWS * ROW_BYTES as u32);
    let row = vec![255; ROW_BYTES];
    let longer = [&row[..], &holdout()].concat();
    for bytes in [
        &[][..],
        &row,
        &longer[..longer.len() - 1],
        &longer[ROW_BYTES + 1..],
        &longer,
    ] {
        let found = bytes.len();
        let expected = Err(Error::HoldoutBytes { found, needed });
        assert_eq!(measure(&task, &[0; 900], bytes), expected);
    }
    let rows = |first, bytes: &[u8]| {
        Rows {
            task: &task,
            rows: ROWS,
            first,
        }
        .verify(bytes)
    };
    let wrong = |first, bytes: u32| Err(Error::Part { first, bytes });
    let part = vec![255; PART_BYTES_MAX as usize];
    for bytes in [&[][..], &part[1..], &part[..CHUNK_BYTES as usize + 4]] {
        assert_eq!(rows(0, bytes), wrong(0, bytes.len() as u32));
    }
    let beyond = needed.div_ceil(CHUNK_BYTES);
    assert_eq!(rows(beyond, &part), wrong(beyond, PART_BYTES_MAX));
    assert_eq!(rows(u32::MAX, &part), wrong(u32::MAX, PART_BYTES_MAX));
}

#[test]
fn a_false_class_is_refused_in_whichever_part_it_arrives() {
    let task = task();
    // The first row, those around the borders of parts, and the last.
    let border = PART_BYTES_MAX / ROW_BYTES as u32;
    for row in [
        0,
        border - 1,
        border,
        border + 1,
        2 * border,
        2 * border + 1,
        ROWS - 1,
    ] {
        for found in [3, -1, i32::MIN] {
            let mut bytes = holdout();
            let end = (row as usize + 1) * ROW_BYTES;
            bytes[end - 4..end].copy_from_slice(&found.to_le_bytes());
            let expected = Error::Class {
                row,
                found,
                classes: 3,
            };
            assert_eq!(parts(&task, &bytes), Err(expected), "part of row {row}");
            assert_eq!(measure(&task, &[0; 900], &bytes), Err(expected));
        }
    }
}

#[test]
fn a_wrong_model_is_refused() {
    let (task, expected) = (task(), 900);
    for found in [0, 899, 901] {
        let wrong = Err(Error::ModelLength { found, expected });
        assert_eq!(measure(&task, &vec![0; found], &holdout()), wrong);
    }
    let opaque = TaskSpec {
        model: ModelSpec::Opaque { param_count: 900 },
        ..task
    };
    assert_eq!(measure(&opaque, &[0; 900], &holdout()), Err(Error::Opaque));
}
