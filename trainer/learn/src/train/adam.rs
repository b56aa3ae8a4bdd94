//! Adam: steps in units of the slope's own size (Kingma and Ba, "Adam: A Method for Stochastic
//! Optimization", 2015, algorithm 1).

use ndarray::{Array, Dimension, Zip};

use super::descend::Step;
use crate::model::network::Network;

const DECAY_FIRST: f64 = 0.9;
const DECAY_SECOND: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// What is kept between steps.
#[derive(Default)]
pub(super) struct Adam {
    steps: i32,
    /// Running means of the slope and of its square.
    moments: Option<(Network, Network)>,
}

impl Step for Adam {
    fn step(&mut self, model: &mut Network, slope: &Network, rate: f64) {
        self.steps = self.steps.saturating_add(1);
        let (first, second) = self
            .moments
            .get_or_insert_with(|| (model.zeros_like(), model.zeros_like()));
        let correct = |decay: f64| 1.0 - decay.powi(self.steps);
        let rate = rate * correct(DECAY_SECOND).sqrt() / correct(DECAY_FIRST);
        // The authors' epsilon belongs to the corrected root.
        let epsilon = EPSILON * correct(DECAY_SECOND).sqrt();
        let moments = first.layers.iter_mut().zip(&mut second.layers);
        let layers = model.layers.iter_mut().zip(&slope.layers).zip(moments);
        for ((layer, slope), (first, second)) in layers {
            let weights = [&mut first.weights, &mut second.weights];
            apply(&mut layer.weights, &slope.weights, weights, rate, epsilon);
            let biases = [&mut first.biases, &mut second.biases];
            apply(&mut layer.biases, &slope.biases, biases, rate, epsilon);
        }
    }
}

fn apply<D: Dimension>(
    values: &mut Array<f64, D>,
    slope: &Array<f64, D>,
    [first, second]: [&mut Array<f64, D>; 2],
    rate: f64,
    epsilon: f64,
) {
    Zip::from(values)
        .and(slope)
        .and(first)
        .and(second)
        .for_each(|value, slope, first, second| {
            *first = DECAY_FIRST * *first + (1.0 - DECAY_FIRST) * slope;
            *second = DECAY_SECOND * *second + (1.0 - DECAY_SECOND) * slope * slope;
            *value -= rate * *first / (second.sqrt() + epsilon);
        });
}
