//! Updates that must stay the same to the last bit: whoever repeats an old run on the
//! same kind of processor gets the old weights.

use fedchain_fl::TaskSpec;

use super::*;
use crate::{Hyper, train};

/// Rows of two features, in quarters, with a target in quarters and a class.
const ROWS: [([i32; 2], i32, usize); 13] = [
    ([3, -1], 5, 0),
    ([-7, 2], -3, 1),
    ([0, 6], 8, 2),
    ([5, 5], 2, 0),
    ([-2, -4], -9, 1),
    ([1, -6], 4, 0),
    ([8, 0], 1, 2),
    ([-3, 3], -6, 1),
    ([4, -8], 7, 0),
    ([-5, -1], 0, 2),
    ([2, 7], -2, 1),
    ([-8, 4], 3, 2),
    ([6, -3], -4, 0),
];

fn quarters() -> Array2<f64> {
    let values = ROWS.iter().flat_map(|row| row.0.map(f64::from));
    Array2::from_shape_vec((ROWS.len(), 2), values.collect()).unwrap() / 4.0
}

/// Softmax 64-10 on rows that plain arithmetic makes.
fn digits() -> (TaskSpec, Dataset) {
    let number = |name: String| column(&name);
    let labels: Vec<Name> = (0..10)
        .map(|label| format!("c{label}").parse().unwrap())
        .collect();
    let features: Vec<_> = (0..64).map(|place| number(format!("p{place}"))).collect();
    let mut task = task(
        ModelSpec::Softmax,
        Target::Classes {
            name: "y".parse().unwrap(),
            labels: labels.try_into().unwrap(),
        },
    );
    task.schema.features = features.try_into().unwrap();
    let pixel = |(row, place): (usize, usize)| ((row * 31 + place * place * 7) % 17) as f64 / 16.0;
    let data = Dataset {
        features: Array2::from_shape_fn((150, 64), pixel),
        targets: Some(Targets::Classes(Array1::from_shape_fn(150, |row| {
            (row * row + row / 7) % 10
        }))),
    };
    (task, data)
}

/// 64-bit FNV-1a of all values.
fn hash(values: &[i32]) -> u64 {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[track_caller]
fn update(task: &TaskSpec, data: &Dataset, hyper: &Hyper, round: u32) -> Vec<i32> {
    let base = vec![0; task.param_count().unwrap() as usize];
    train(task, &base, data, hyper, round).unwrap().values
}

#[test]
fn of_a_linear_model() {
    let targets = ROWS.iter().map(|row| f64::from(row.1) / 4.0).collect();
    let data = Dataset {
        features: quarters(),
        targets: Some(Targets::Real(targets)),
    };
    let hyper = Hyper {
        batch_size: 4,
        seed: 7,
        ..Hyper::default()
    };
    assert_eq!(
        update(&linear(), &data, &Hyper::default(), 1),
        [15_049, 1_899, 6_258]
    );
    assert_eq!(update(&linear(), &data, &hyper, 3), [12_203, 814, 10_418]);
}

#[test]
fn of_a_softmax_model() {
    let classes = ROWS.iter().map(|row| row.2).collect();
    let data = Dataset {
        features: quarters(),
        targets: Some(Targets::Classes(classes)),
    };
    let hyper = Hyper {
        batch_size: 4,
        seed: 7,
        ..Hyper::default()
    };
    assert_eq!(
        update(&softmax(), &data, &Hyper::default(), 1),
        [
            42_386, -34_302, -27_814, 14_961, -14_572, 19_341, 1_746, -1_683, -63
        ]
    );
    assert_eq!(
        update(&softmax(), &data, &hyper, 3),
        [
            49_179, -36_439, -28_760, 14_827, -20_419, 21_613, 2_411, -2_127, -285
        ]
    );
}

#[test]
fn of_a_larger_softmax_model() {
    let (task, data) = digits();
    let hyper = Hyper {
        epochs: 20,
        ..Hyper::default()
    };
    let values = update(&task, &data, &hyper, 2);
    assert_eq!(&values[..4], [67, 589, -209, -124]);
    assert_eq!(hash(&values), 6_932_926_405_734_405_141);
}
