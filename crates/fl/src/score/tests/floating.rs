//! Whole losses against those of `f64`, within the bound that the roundings allow.

use alloc::vec::Vec;

use super::*;
use proptest::prelude::*;

/// Outputs in `f64`, and how far those in fixed point may be off: each layer rounds by half a unit of
/// 2^-16, and carries on what its inputs were off by, times the weights.
fn outputs(task: &TaskSpec, model: &[f64], features: Vec<f64>) -> (Vec<f64>, f64) {
    let (mut values, mut off, mut rest) = (features, 0.0, model);
    let layers = task.layers();
    for (place, (inputs, outputs)) in layers.iter().enumerate() {
        let (inputs, outputs) = (*inputs as usize, *outputs as usize);
        let (weights, tail) = rest.split_at(inputs * outputs);
        let (biases, tail) = tail.split_at(outputs);
        let rows: Vec<_> = weights.chunks(inputs).collect();
        let gain = rows.iter().map(|row| row.iter().map(|w| w.abs()).sum());
        off = 2f64.powi(-17) + off * gain.fold(0.0, f64::max);
        let output = |(row, bias): (&&[f64], &f64)| {
            let sum: f64 = row.iter().zip(&values).map(|(w, x)| w * x).sum();
            match place + 1 < layers.len() {
                true => (sum + bias).max(0.0),
                false => sum + bias,
            }
        };
        values = rows.iter().zip(biases).map(output).collect();
        rest = tail;
    }
    (values, off)
}

/// The loss of a row, and how far it may be off.
fn row_loss(task: &TaskSpec, model: &[f64], row: &[i32]) -> (f64, f64) {
    let (target, features) = row.split_last().unwrap();
    let real = |value: &i32| f64::from(*value) / 65_536.0;
    let (outputs, off) = outputs(task, model, features.iter().map(real).collect());
    match task.schema.target {
        Target::Real(_) => {
            let error = (outputs[0] - real(target)).abs();
            (error * error, (2.0 * error + off) * off)
        }
        Target::Classes { .. } => {
            let largest = outputs.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = outputs.iter().map(|o| (o - largest).exp()).sum();
            let loss = sum.ln() + largest - outputs[*target as usize];
            (loss, 2.0 * off + 2f64.powi(-28))
        }
    }
}

/// Checks the loss of `model` on `rows` of features and a target each.
fn check(task: &TaskSpec, model: &[i32], rows: &[Vec<i32>]) {
    let found = loss(task, model, &rows.concat()).unwrap() as f64 * 2f64.powi(-32);
    let scale = 2f64.powi(-i32::from(task.format.frac_bits));
    let model: Vec<_> = model.iter().map(|w| f64::from(*w) * scale).collect();
    let losses = rows.iter().map(|row| row_loss(task, &model, row));
    let (sum, off) = losses.fold((0.0, 0.0), |(a, b), (loss, off)| (a + loss, b + off));
    let count = rows.len() as f64;
    let (expected, bound) = (sum / count, off / count + 2f64.powi(-33) + sum * 1e-13);
    assert!(
        (found - expected).abs() <= bound,
        "{found} is not within {bound} of {expected}"
    );
}

/// A model whose weights are within 4, and rows of features within 8.
fn sized(task: TaskSpec) -> impl Strategy<Value = (TaskSpec, Vec<i32>, Vec<Vec<i32>>)> {
    let weight_max = 4 << task.format.frac_bits;
    let params = task.param_count().unwrap() as usize;
    let model = prop::collection::vec(-weight_max..=weight_max, params);
    let features = prop::collection::vec(-8 * ONE..=8 * ONE, task.schema.features.len());
    let target = match &task.schema.target {
        Target::Real(_) => -99 * ONE..99 * ONE,
        Target::Classes { labels, .. } => 0..labels.len() as i32,
    };
    let row = (features, target).prop_map(|(mut row, target)| {
        row.push(target);
        row
    });
    (Just(task), model, prop::collection::vec(row, 1..12))
}

fn any_sized() -> impl Strategy<Value = (TaskSpec, Vec<i32>, Vec<Vec<i32>>)> {
    let task = prop_oneof![
        (1..20usize).prop_map(linear),
        (1..20usize, 2..12usize).prop_map(|(features, classes)| softmax(features, classes)),
        (1..9usize, prop::collection::vec(1..9u16, 1..3), 0..6usize)
            .prop_map(|(features, hidden, classes)| mlp(features, &hidden, classes)),
    ];
    (task, 8..=28u8).prop_flat_map(|(mut task, frac_bits)| {
        task.format.frac_bits = frac_bits;
        sized(task)
    })
}

proptest! {
    #[test]
    fn losses_are_near((task, model, rows) in any_sized()) {
        check(&task, &model, &rows);
    }

    #[test]
    fn losses_of_close_scores_are_near((task, model, rows) in any_sized()) {
        // Small weights: where every class counts.
        let model: Vec<_> = model.iter().map(|w| w / 64).collect();
        check(&task, &model, &rows);
    }
}
