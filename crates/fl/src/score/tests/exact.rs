//! The forward pass against plain 128-bit arithmetic, row by row; and its two ways of summing.

use alloc::{vec, vec::Vec};

use super::{
    super::{
        dot::{self, LANES, SUM_MAX},
        forward::{Network, rescale},
    },
    *,
};
use proptest::prelude::*;

/// `sum * 2^-bits`, to nearest, ties to even, by trying the neighbours of the quotient.
fn nearest(sum: i128, bits: u8) -> i32 {
    let one = 1i128 << bits;
    let quotient = sum / one;
    let best = (quotient - 1..=quotient + 1)
        .min_by_key(|c| ((sum - c * one).abs(), c.rem_euclid(2)))
        .unwrap();
    best.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// The outputs of one row, by the definition.
fn plain(task: &TaskSpec, model: &[i32], features: &[i32]) -> Vec<i32> {
    let layers = task.layers();
    let (mut values, mut at) = (features.to_vec(), 0);
    for (place, (inputs, outputs)) in layers.iter().enumerate() {
        let (inputs, outputs) = (*inputs as usize, *outputs as usize);
        let biases = &model[at + inputs * outputs..][..outputs];
        let output = |unit: usize| {
            let weights = &model[at + unit * inputs..][..inputs];
            let products = weights.iter().zip(&values);
            let sum: i128 = products.map(|(w, x)| i128::from(*w) * i128::from(*x)).sum();
            let output = nearest(
                sum + (i128::from(biases[unit]) << 16),
                task.format.frac_bits,
            );
            match place + 1 < layers.len() {
                true => output.max(0),
                false => output,
            }
        };
        let next = (0..outputs).map(output).collect();
        at += (inputs + 1) * outputs;
        values = next;
    }
    values
}

/// Numbers of all sizes, and the extremes.
fn any_size() -> impl Strategy<Value = i32> {
    prop_oneof![
        -9..9i32,
        -100_000..100_000i32,
        any::<i32>(),
        Just(i32::MIN),
        Just(i32::MAX)
    ]
}

/// As many numbers as asked, mostly small or all of any size.
fn values(count: usize) -> impl Strategy<Value = Vec<i32>> {
    prop_oneof![
        prop::collection::vec(-200_000..200_000i32, count),
        prop::collection::vec(any_size(), count),
    ]
}

fn any_task() -> impl Strategy<Value = TaskSpec> {
    let model = prop_oneof![
        (0..20usize).prop_map(linear),
        (0..20usize, 2..6usize).prop_map(|(features, classes)| softmax(features, classes)),
        (0..9usize, prop::collection::vec(0..9u16, 0..4), 0..6usize)
            .prop_map(|(features, hidden, classes)| mlp(features, &hidden, classes)),
    ];
    (model, 0..=30u8).prop_map(|(mut task, frac_bits)| {
        task.format.frac_bits = frac_bits;
        task
    })
}

proptest! {
    #[test]
    fn outputs_are_those_of_plain_arithmetic(
        (task, model, rows) in any_task().prop_flat_map(|task| {
            let params = task.param_count().unwrap() as usize;
            let rows = prop::collection::vec(values(task.schema.features.len()), 1..10);
            (Just(task), values(params), rows)
        }),
    ) {
        let with_target = rows.iter().flat_map(|row| row.iter().copied().chain([0]));
        let holdout = Holdout::new(&task, with_target.collect()).unwrap();
        let network = Network::new(&task, &model).unwrap();
        let mut spare = Vec::new();
        let batches = holdout.batches().map(|rows| {
            let mut batch = Vec::new();
            rows.lay_out(&mut batch);
            network.run(&mut batch, &mut spare);
            batch
        });
        let lanes = batches.flat_map(|batch| {
            (0..LANES).map(move |lane| batch.iter().map(|lanes| lanes[lane]).collect())
        });
        let found: Vec<Vec<i32>> = lanes.take(rows.len()).collect();
        let expected: Vec<_> = rows.iter().map(|row| plain(&task, &model, row)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn both_ways_of_summing_agree(
        pairs in prop::collection::vec((any_size(), prop::array::uniform::<_, LANES>(any_size())), 0..40),
        offset in any_size(),
    ) {
        let (weights, batch): (Vec<i32>, Vec<[i32; LANES]>) = pairs.into_iter().unzip();
        let offset = i64::from(offset) << 16;
        let largest = (dot::largest(&weights), dot::largest(batch.as_flattened()));
        let wide = dot::wide(&weights, &batch, offset);
        if dot::fits(largest.0, largest.1, weights.len(), offset.unsigned_abs()) {
            prop_assert_eq!(wide, dot::narrow(&weights, &batch, offset));
        }
        let plain: Vec<i64> = (0..LANES).map(|lane| {
            let products = weights.iter().zip(&batch).map(|(w, x)| i128::from(*w) * i128::from(x[lane]));
            let sum = products.sum::<i128>() + i128::from(offset);
            sum.clamp((-SUM_MAX).into(), SUM_MAX.into()) as i64
        }).collect();
        prop_assert_eq!(wide.to_vec(), plain);
    }

    #[test]
    fn rounding_is_to_nearest(sum in -SUM_MAX..=SUM_MAX, small in -99..99i64, bits in 0..=30u8) {
        let halves = small << bits >> 1;
        for sum in [sum, small, halves, halves + 1, halves - 1] {
            prop_assert_eq!(rescale(sum, bits), nearest(sum.into(), bits));
        }
    }
}

#[test]
fn the_bound_is_the_last_that_fits() {
    let two_31 = 1u32 << 31;
    assert!(dot::fits(two_31, two_31, 1, 0));
    assert!(!dot::fits(two_31, two_31, 1, 1));
    assert!(!dot::fits(two_31, two_31, 2, 0));
    assert!(!dot::fits(u32::MAX, u32::MAX, usize::MAX, u64::MAX));
    assert_eq!(dot::largest(&[3, i32::MIN, i32::MAX]), two_31);
    // At the bound, the sums themselves.
    let row = [[i32::MIN, i32::MAX, 0, 1]];
    assert_eq!(dot::narrow(&[i32::MIN], &row, 0)[0], SUM_MAX);
    assert_eq!(dot::wide(&[i32::MIN], &row, 0)[0], SUM_MAX);
}

#[test]
fn sums_beyond_the_bound_saturate_at_every_scale() {
    for bits in 0..=30 {
        assert_eq!(rescale(SUM_MAX, bits), i32::MAX);
        assert_eq!(rescale(-SUM_MAX, bits), i32::MIN);
    }
    // The most terms of one layer, of the largest products.
    let count = usize::from(u16::MAX);
    let batch = vec![[i32::MIN, i32::MAX, 0, -1]; count];
    let found = dot::wide(&vec![i32::MIN; count], &batch, 0);
    assert_eq!(found, [SUM_MAX, -SUM_MAX, 0, (count as i64) << 31]);
}
