//! Mini-batch stochastic gradient descent.

use ndarray::{Array2, Axis};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{Hyper, LearnError, affine::Affine, loss::mean_loss};
use crate::data::Targets;

/// Runs the epochs of one round from `model`.
pub(super) fn descend(
    mut model: Affine,
    features: &Array2<f64>,
    targets: &Targets,
    hyper: &Hyper,
    round: u32,
) -> Result<Affine, LearnError> {
    let mut random = random(hyper.seed, round);
    let mut order: Vec<usize> = (0..features.nrows()).collect();
    let rate = hyper.learning_rate / f64::from(round.max(1));
    for epoch in 1..=hyper.epochs {
        order.shuffle(&mut random);
        let mut sum = 0.0;
        for batch in order.chunks(hyper.batch_size.max(1)) {
            let features = features.select(Axis(0), batch);
            let (loss, slope) = gradient(&model, &features, &targets.select(batch));
            model.weights.scaled_add(-rate, &slope.weights);
            model.biases.scaled_add(-rate, &slope.biases);
            sum += loss;
        }
        if !sum.is_finite() {
            return Err(LearnError::Diverged {
                epoch,
                learning_rate: hyper.learning_rate,
            });
        }
    }
    Ok(model)
}

/// The mean loss of `model`, and its derivative by each weight and bias.
pub(super) fn gradient(model: &Affine, features: &Array2<f64>, targets: &Targets) -> (f64, Affine) {
    let (loss, slope) = mean_loss(model.outputs(features), targets);
    let biases = slope.sum_axis(Axis(0));
    (
        loss,
        Affine {
            weights: slope.t().dot(features),
            biases,
        },
    )
}

/// Every round has an order of its own.
fn random(seed: u64, round: u32) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..12].copy_from_slice(&round.to_le_bytes());
    StdRng::from_seed(bytes)
}
