//! Worked examples, extremes and costs; then the arithmetic against oracles written another way.

mod exact;
mod exp_ln;
mod floating;
mod holdout;

use alloc::{format, vec, vec::Vec};

use super::{Holdout, mean, mean_loss, operations};
use crate::{
    Column, Decimal, Error, Format, Initial, ModelSpec, Name, Optimiser, Schema, Target, TaskSpec,
    Width,
};

/// One, as a feature.
const ONE: i32 = 1 << 16;

fn column(name: Name) -> Column {
    Column::number(name, Decimal::whole(0), Decimal::whole(1))
}

/// A task of so many features; without classes, of a regression.
fn task(model: ModelSpec, features: usize, classes: usize) -> TaskSpec {
    let names = |letter: char, count| {
        let name = move |place| format!("{letter}{place}").parse().unwrap();
        (0..count).map(name).collect::<Vec<Name>>()
    };
    let columns: Vec<_> = names('x', features).into_iter().map(column).collect();
    let name: Name = "y".parse().unwrap();
    let target = match classes {
        0 => Target::Real(column(name)),
        _ => Target::Classes {
            name,
            labels: names('c', classes).try_into().unwrap(),
        },
    };
    TaskSpec {
        model,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: crate::Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: columns.try_into().unwrap(),
            target,
        },
    }
}

pub(crate) fn linear(features: usize) -> TaskSpec {
    task(ModelSpec::Linear, features, 0)
}

fn softmax(features: usize, classes: usize) -> TaskSpec {
    task(ModelSpec::Softmax, features, classes)
}

fn mlp(features: usize, hidden: &[u16], classes: usize) -> TaskSpec {
    let hidden = hidden.to_vec().try_into().unwrap();
    task(ModelSpec::Mlp { hidden }, features, classes)
}

fn loss(task: &TaskSpec, model: &[i32], values: &[i32]) -> Result<u64, Error> {
    let holdout = Holdout::new(task, values.to_vec()).unwrap();
    mean_loss(task, model, &holdout)
}

/// Of a real number at 2^-32.
fn units(real: f64) -> u64 {
    (real * 2f64.powi(32)).round() as u64
}

#[track_caller]
fn check_near(found: Result<u64, Error>, real: f64) {
    let off = found.unwrap().abs_diff(units(real));
    assert!(off <= 16, "{off} units of 2^-32 from {real}");
}

#[test]
fn squared_errors_by_hand() {
    // o = 2 a - b / 2 + 1/4.
    let (task, model) = (linear(2), [2 * ONE, -ONE / 2, ONE / 4]);
    // o = 3.75, y = 3: 0.5625; o = -0.75, y = 1: 3.0625; o = 0.25, y = 0.25: 0.
    let rows = [
        [2 * ONE, ONE / 2, 3 * ONE + ONE / 4],
        [0, 2 * ONE, ONE],
        [0, 0, ONE / 4],
    ];
    assert_eq!(loss(&task, &model, &rows[0]), Ok(units(0.75 * 0.75)));
    assert_eq!(loss(&task, &model, &rows[1]), Ok(units(1.75 * 1.75)));
    let all = loss(&task, &model, rows.as_flattened());
    assert_eq!(all, Ok(units((0.75f64.powi(2) + 1.75f64.powi(2)) / 3.0)));
}

#[test]
fn cross_entropies_by_hand() {
    // Scores a, -a and 1/2, of a model in another format.
    let mut task = softmax(1, 3);
    task.format.frac_bits = 8;
    let model = [256, -256, 0, 0, 0, 128];
    let expected = |a: f64, class: usize| {
        let scores = [a, -a, 0.5];
        scores.map(f64::exp).iter().sum::<f64>().ln() - scores[class]
    };
    check_near(loss(&task, &model, &[ONE, 0]), expected(1.0, 0));
    check_near(loss(&task, &model, &[ONE, 1]), expected(1.0, 1));
    check_near(loss(&task, &model, &[-3 * ONE, 2]), expected(-3.0, 2));
    let two = loss(&task, &model, &[ONE, 0, 2 * ONE, 1]);
    check_near(two, (expected(1.0, 0) + expected(2.0, 1)) / 2.0);
    // All scores alike: the loss of a guess.
    check_near(loss(&softmax(1, 256), &[0; 512], &[ONE, 7]), 256f64.ln());
}

#[test]
fn a_perceptron_by_hand() {
    // |a| = relu(a) + relu(-a).
    let (task, model) = (mlp(1, &[2], 0), [ONE, -ONE, 0, 0, ONE, ONE, 0]);
    assert_eq!(loss(&task, &model, &[-3 * ONE, ONE]), Ok(units(4.0)));
    assert_eq!(loss(&task, &model, &[3 * ONE, ONE]), Ok(units(4.0)));
    // No ReLU after the last layer: -|a|.
    let model = [ONE, -ONE, 0, 0, -ONE, -ONE, 0];
    assert_eq!(loss(&task, &model, &[3 * ONE, ONE]), Ok(units(16.0)));
}

#[test]
fn outputs_and_means_round_half_to_even() {
    // o = 1.5 units is 2; 2.5 units are 2: a loss of 0 and of 4 units of 2^-32.
    let (task, model) = (linear(1), [ONE / 2, 0]);
    assert_eq!(loss(&task, &model, &[3, 2]), Ok(0));
    assert_eq!(loss(&task, &model, &[5, 0]), Ok(4));
    for (sum, count, expected) in [(5, 2, 2), (7, 2, 4), (4, 3, 1), (5, 3, 2), (0, 1, 0)] {
        assert_eq!(mean(sum, count), expected, "{sum}/{count}");
    }
    assert_eq!(mean(u128::from(u64::MAX) * 1_024, 1_024), u64::MAX);
}

#[test]
fn extremes_saturate() {
    let extremes = [i32::MIN, i32::MAX, 0];
    for model in [linear(3), mlp(3, &[2, 2], 0)] {
        for (weight, value) in extremes.iter().flat_map(|w| extremes.map(|x| (*w, x))) {
            let params = model.param_count().unwrap() as usize;
            loss(&model, &vec![weight; params], &[value; 4 * 5]).unwrap();
        }
    }
    // The largest loss there is: from one end of an i32 to the other.
    let most = u64::from(u32::MAX).pow(2);
    let found = loss(&linear(1), &[i32::MIN, i32::MIN], &[i32::MAX; 2 * 1_024]);
    assert_eq!(found, Ok(most));
    let task = softmax(1, 2);
    let found = loss(&task, &[i32::MAX, i32::MIN, 0, 0], &[i32::MAX, 1]);
    assert_eq!(found, Ok(u64::from(u32::MAX) << 16));
    let found = loss(&task, &[i32::MAX, i32::MIN, 0, 0], &[i32::MAX, 0]);
    assert_eq!(found, Ok(0));
}

#[test]
fn models_without_features_or_units_have_biases() {
    assert_eq!(loss(&linear(0), &[3 * ONE], &[ONE]), Ok(units(4.0)));
    check_near(loss(&softmax(0, 2), &[5, 5], &[1, 0]), 2f64.ln());
    assert_eq!(
        loss(&mlp(2, &[0], 0), &[ONE], &[7, 8, 9 * ONE]),
        Ok(units(64.0))
    );
}

#[test]
fn wrong_models_are_refused() {
    let opaque = task(ModelSpec::Opaque { param_count: 2 }, 1, 0);
    assert_eq!(loss(&opaque, &[0, 0], &[0, 0]), Err(Error::Opaque));
    for found in [0, 1, 3] {
        assert_eq!(
            loss(&linear(1), &vec![0; found], &[0, 0]),
            Err(Error::ModelLength { found, expected: 2 })
        );
    }
    let mut task = linear(1);
    task.format = Format {
        frac_bits: 255,
        width: Width::I32,
    };
    let wrong = Error::FracBits {
        found: 255,
        max: 30,
    };
    assert_eq!(loss(&task, &[0, 0], &[0, 0]), Err(wrong));
}

#[test]
fn costs_follow_from_lengths() {
    // Per row: 2 for a feature, 16 for an output and for an exponential, 64 for the row.
    let row = 2 * 784 + 128 * (784 + 16) + 10 * (128 + 16) + 10 * 16 + 64;
    let model = mlp(784, &[128], 10);
    assert_eq!(operations(&model, 200), 200 * row);
    assert_eq!(operations(&model, 197), 200 * row);
    assert_eq!(operations(&linear(5), 1), 4 * (2 * 5 + (5 + 16) + 64));
    assert_eq!(operations(&linear(5), 0), 0);
    let opaque = task(ModelSpec::Opaque { param_count: 2 }, 1, 0);
    assert_eq!(operations(&opaque, 9), 0);
    operations(&mlp(1_024, &[u16::MAX; 8], 256), u32::MAX);
}
