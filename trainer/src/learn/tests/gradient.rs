//! Derivatives against central differences of the loss.

use fedchain_fl::TaskSpec;

use super::*;
use crate::learn::{affine::Affine, sgd::gradient};

#[track_caller]
fn check(task: &TaskSpec, data: &Dataset, model: &[f64]) {
    let targets = data.targets.as_ref().unwrap();
    let affine = |model: &[f64]| {
        let outputs = task.schema.target.outputs() as usize;
        let (weights, biases) = model.split_at(2 * outputs);
        Affine {
            weights: Array2::from_shape_vec((outputs, 2), weights.to_vec()).unwrap(),
            biases: biases.to_vec().into(),
        }
    };
    let (_, slope) = gradient(&affine(model), &data.features, targets);
    for (place, found) in slope.to_vec().iter().enumerate() {
        let loss_at = |shift: f64| {
            let mut shifted = model.to_vec();
            shifted[place] += shift;
            gradient(&affine(&shifted), &data.features, targets).0
        };
        let expected = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
        assert!(
            (found - expected).abs() < 1e-8,
            "weight {place}: {found}, expected {expected}"
        );
    }
}

#[test]
fn of_the_squared_error() {
    check(&linear(), &on_a_plane(13, 1), &[0.3, -0.7, 1.1]);
}

#[test]
fn of_the_cross_entropy() {
    let model = [0.3, -0.7, 1.1, 0.0, -2.0, 0.4, 0.1, -0.2, 0.9];
    check(&softmax(), &in_classes(17, 2), &model);
}
