//! Derivatives against central differences of the loss.

use fedchain_fl::TaskSpec;

use super::*;
use crate::model::{backprop::Backprop, network::Network};

#[track_caller]
fn check(task: &TaskSpec, data: &Dataset, model: &[f64]) {
    let targets = data.targets.as_ref().unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    let run = |model: &[f64]| {
        let model = Network::from_weights(task, model).unwrap();
        // More room than rows, as in the last batch.
        let mut backprop = Backprop::new(&model, data.rows() + 3);
        let loss = backprop.run(&model, &data.features, targets, &all);
        (loss, backprop.slope.to_vec())
    };
    for (place, found) in run(model).1.iter().enumerate() {
        let loss_at = |shift: f64| {
            let mut shifted = model.to_vec();
            shifted[place] += shift;
            run(&shifted).0
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

#[test]
fn through_hidden_layers() {
    for hidden in [vec![4], vec![5, 3]] {
        let task = mlp(&hidden);
        let weights = task.param_count().unwrap() as usize;
        let mut random = StdRng::seed_from_u64(3);
        let model: Vec<f64> = (0..weights)
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
        check(&task, &in_classes(17, 2), &model);
    }
}
