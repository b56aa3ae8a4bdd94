//! The slope of the mean loss by backpropagation (Rumelhart, Hinton and Williams, "Learning
//! representations by back-propagating errors", 1986), in memory that is used again and again.

use ndarray::{Array2, Axis, linalg::general_mat_mul, s};

use super::{
    loss::mean_loss,
    network::{Network, rectify},
};
use crate::data::Targets;

/// A layer's part of the way forward and back.
struct Pass {
    /// What the layer was given, `[batch, inputs]`.
    inputs: Array2<f64>,
    /// Derivative of the loss by what it made of that, `[batch, outputs]`.
    errors: Array2<f64>,
}

/// Memory for batches, and the slope of the last one.
pub(crate) struct Backprop {
    passes: Vec<Pass>,
    /// The mean loss's derivative by each weight and bias.
    pub slope: Network,
}

impl Backprop {
    /// For batches of at most `batch_size` rows.
    pub fn new(model: &Network, batch_size: usize) -> Self {
        let buffer = |columns| Array2::zeros((batch_size, columns));
        let layers = model.layers.iter();
        Self {
            passes: layers
                .map(|layer| Pass {
                    inputs: buffer(layer.weights.ncols()),
                    errors: buffer(layer.weights.nrows()),
                })
                .collect(),
            slope: model.zeros_like(),
        }
    }

    /// The mean loss of `model` over the rows at `places` of the data, which must fit it; leaves its
    /// derivative in `slope`.
    pub fn run(
        &mut self,
        model: &Network,
        features: &Array2<f64>,
        targets: &Targets,
        places: &[usize],
    ) -> f64 {
        if let Some(first) = self.passes.first_mut() {
            for (mut row, place) in first.inputs.outer_iter_mut().zip(places) {
                row.assign(&features.row(*place));
            }
        }
        let loss = self.forward(model, targets, places);
        self.backward(model, places.len());
        loss
    }

    /// Gives each layer its inputs, and the last one its errors; the mean loss.
    fn forward(&mut self, model: &Network, targets: &Targets, places: &[usize]) -> f64 {
        let batch = s![..places.len(), ..];
        let mut loss = 0.0;
        let mut passes = self.passes.iter_mut().peekable();
        for layer in &model.layers {
            let Some(pass) = passes.next() else { break };
            let inputs = pass.inputs.slice(batch);
            if let Some(next) = passes.peek_mut() {
                let mut outputs = next.inputs.slice_mut(batch);
                layer.forward(&inputs, &mut outputs);
                rectify(&mut outputs);
            } else {
                let mut outputs = pass.errors.slice_mut(batch);
                layer.forward(&inputs, &mut outputs);
                loss = mean_loss(&mut outputs, targets, places.iter().copied());
            }
        }
        loss
    }

    /// Takes the last layer's errors back through all layers.
    fn backward(&mut self, model: &Network, rows: usize) {
        let batch = s![..rows, ..];
        let mut passes = self.passes.iter_mut().rev().peekable();
        for (layer, slope) in model.layers.iter().zip(&mut self.slope.layers).rev() {
            let Some(pass) = passes.next() else { break };
            let (inputs, errors) = (pass.inputs.slice(batch), pass.errors.slice(batch));
            general_mat_mul(1.0, &errors.t(), &inputs, 0.0, &mut slope.weights);
            slope.biases.assign(&errors.sum_axis(Axis(0)));
            if let Some(before) = passes.peek_mut() {
                let mut below = before.errors.slice_mut(batch);
                general_mat_mul(1.0, &errors, &layer.weights, 0.0, &mut below);
                // What was cut off has no slope.
                below.zip_mut_with(&inputs, |error, input| {
                    if *input <= 0.0 {
                        *error = 0.0;
                    }
                });
            }
        }
    }
}
