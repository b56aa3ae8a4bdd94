//! Passes over the rows in mini-batches, each a step down the slope of the loss.

use ndarray::{Array, Dimension, Zip};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::Hyper;
use crate::{
    LearnError,
    data::{Dataset, Targets},
    model::{backprop::Backprop, network::Network},
};

/// How a slope becomes a step.
pub(super) trait Step {
    /// Moves `model` against `slope`.
    fn step(&mut self, model: &mut Network, slope: &Network, rate: f64);
}

/// Runs the epochs of one round from `model`.
pub(super) fn descend(
    mut model: Network,
    data: &Dataset,
    targets: &Targets,
    hyper: &Hyper,
    round: u32,
    mut step: impl Step,
) -> Result<Network, LearnError> {
    if model.has_dead_layer() {
        return Err(LearnError::DeadLayer);
    }
    let base = (hyper.proximal > 0.0).then(|| model.clone());
    let mut random = random(hyper.seed, round);
    let mut order: Vec<usize> = (0..data.rows()).collect();
    let rate = hyper.learning_rate / f64::from(round.max(1));
    let batch_size = hyper.batch_size.clamp(1, data.rows().max(1));
    let mut backprop = Backprop::new(&model, batch_size);
    for epoch in 1..=hyper.epochs {
        order.shuffle(&mut random);
        let mut sum = 0.0;
        for batch in order.chunks(batch_size) {
            sum += backprop.run(&model, &data.features, targets, batch);
            penalise(&mut backprop.slope, &model, base.as_ref(), hyper);
            step.step(&mut model, &backprop.slope, rate);
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

/// Adds the slopes of the ridge penalty and of FedProx's term.
fn penalise(slope: &mut Network, model: &Network, base: Option<&Network>, hyper: &Hyper) {
    if hyper.l2 > 0.0 {
        for (slope, layer) in slope.layers.iter_mut().zip(&model.layers) {
            slope.weights.scaled_add(hyper.l2, &layer.weights);
        }
    }
    let Some(base) = base else { return };
    let layers = model.layers.iter().zip(&base.layers);
    for (slope, (layer, base)) in slope.layers.iter_mut().zip(layers) {
        let mu = hyper.proximal;
        pull(&mut slope.weights, &layer.weights, &base.weights, mu);
        pull(&mut slope.biases, &layer.biases, &base.biases, mu);
    }
}

/// Adds `mu * (values - base)`.
fn pull<D: Dimension>(
    slope: &mut Array<f64, D>,
    values: &Array<f64, D>,
    base: &Array<f64, D>,
    mu: f64,
) {
    let pull = |slope: &mut f64, value: &f64, base: &f64| *slope += mu * (value - base);
    Zip::from(slope).and(values).and(base).for_each(pull);
}

/// Every round has an order of its own.
fn random(seed: u64, round: u32) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..12].copy_from_slice(&round.to_le_bytes());
    StdRng::from_seed(bytes)
}
