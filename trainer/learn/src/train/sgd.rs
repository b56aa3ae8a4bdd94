//! Stochastic gradient descent with classical momentum (Polyak, 1964).

use ndarray::{Array, Dimension, Zip};

use super::descend::Step;
use crate::model::network::Network;

/// What is kept between steps.
pub(super) struct Sgd {
    momentum: f64,
    velocity: Option<Network>,
}

impl Sgd {
    pub fn new(momentum: f64) -> Self {
        Self {
            momentum,
            velocity: None,
        }
    }
}

impl Step for Sgd {
    /// `velocity = momentum * velocity - rate * slope`, which is added to the weights.
    fn step(&mut self, model: &mut Network, slope: &Network, rate: f64) {
        if self.momentum == 0.0 {
            for (layer, slope) in model.layers.iter_mut().zip(&slope.layers) {
                layer.weights.scaled_add(-rate, &slope.weights);
                layer.biases.scaled_add(-rate, &slope.biases);
            }
            return;
        }
        let velocity = self.velocity.get_or_insert_with(|| model.zeros_like());
        let layers = model.layers.iter_mut().zip(&slope.layers);
        for ((layer, slope), velocity) in layers.zip(&mut velocity.layers) {
            let by = (self.momentum, rate);
            roll(
                &mut layer.weights,
                &mut velocity.weights,
                &slope.weights,
                by,
            );
            roll(&mut layer.biases, &mut velocity.biases, &slope.biases, by);
        }
    }
}

/// Changes velocity and values in one go: large layers are read from memory once.
fn roll<D: Dimension>(
    values: &mut Array<f64, D>,
    velocity: &mut Array<f64, D>,
    slope: &Array<f64, D>,
    (momentum, rate): (f64, f64),
) {
    Zip::from(values)
        .and(velocity)
        .and(slope)
        .for_each(|value, velocity, slope| {
            *velocity = momentum * *velocity - rate * slope;
            *value += *velocity;
        });
}
