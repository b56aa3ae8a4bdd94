//! Linear models, softmax regression and multi-layer perceptrons: layers with ReLU between them.

use fedchain_fl::{ModelSpec, TaskSpec};
use ndarray::{
    Array1, Array2, ArrayBase, ArrayView2, ArrayViewMut2, DataMut, Ix2, linalg::general_mat_mul,
};

use crate::{LearnError, dequantise};

/// A weight for each output and input, and biases.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// `[outputs, inputs]`
    pub weights: Array2<f64>,
    /// `[outputs]`
    pub biases: Array1<f64>,
}

impl Layer {
    /// What the layer makes of `inputs` `[rows, inputs]`, in `outputs` `[rows, outputs]`.
    pub fn forward(&self, inputs: &ArrayView2<'_, f64>, outputs: &mut ArrayViewMut2<'_, f64>) {
        general_mat_mul(1.0, inputs, &self.weights.t(), 0.0, outputs);
        *outputs += &self.biases;
    }

    fn zeros_like(&self) -> Self {
        Self {
            weights: Array2::zeros(self.weights.raw_dim()),
            biases: Array1::zeros(self.biases.raw_dim()),
        }
    }
}

/// A model in `f64`; what lies between two layers is cut off below zero.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub layers: Vec<Layer>,
}

impl Network {
    /// The network that a model's fixed-point values stand for.
    pub fn from_values(task: &TaskSpec, values: &[i32]) -> Result<Self, LearnError> {
        Self::from_weights(task, &dequantise(values, task.format))
    }

    /// The network of some weights, in the order of [`ModelSpec`]: layer after layer, of each the
    /// weights output by output, then the biases.
    pub fn from_weights(task: &TaskSpec, weights: &[f64]) -> Result<Self, LearnError> {
        if let ModelSpec::Opaque { .. } = task.model {
            return Err(LearnError::NotTrainable);
        }
        let sizes = task.layers().into_iter();
        let sizes: Vec<_> = sizes.map(|(i, o)| (i as usize, o as usize)).collect();
        let wrong_length = || LearnError::ModelLength {
            expected: sizes.iter().map(|(i, o)| (i + 1) * o).sum(),
            found: weights.len(),
        };
        let mut rest = weights;
        let mut take = |count| {
            let (taken, after) = rest.split_at_checked(count)?;
            rest = after;
            Some(taken.to_vec())
        };
        let layers = sizes.iter().map(|(inputs, outputs)| {
            Some(Layer {
                weights: Array2::from_shape_vec((*outputs, *inputs), take(inputs * outputs)?)
                    .ok()?,
                biases: take(*outputs)?.into(),
            })
        });
        let layers: Option<Vec<Layer>> = layers.collect();
        match layers {
            Some(layers) if rest.is_empty() => Ok(Self { layers }),
            _ => Err(wrong_length()),
        }
    }

    /// All weights and biases, in the order of [`ModelSpec`].
    pub fn to_vec(&self) -> Vec<f64> {
        self.values().copied().collect()
    }

    /// As [`Self::to_vec`].
    pub fn values(&self) -> impl Iterator<Item = &f64> {
        let layers = self.layers.iter();
        layers.flat_map(|layer| layer.weights.iter().chain(&layer.biases))
    }

    /// Takes all weights and biases from `numbers`, in the order of [`ModelSpec`].
    pub fn load(&mut self, numbers: impl IntoIterator<Item = f64>) {
        let layers = self.layers.iter_mut();
        let places = layers.flat_map(|layer| layer.weights.iter_mut().chain(&mut layer.biases));
        places.zip(numbers).for_each(|(to, from)| *to = from);
    }

    /// Whether a hidden layer is all zero: then nothing gets through it, forward or back, and no slope
    /// ever moves its weights.
    pub fn has_dead_layer(&self) -> bool {
        let hidden = self.layers.iter().rev().skip(1);
        hidden
            .map(|layer| layer.weights.iter().chain(&layer.biases))
            .any(|mut numbers| numbers.all(|number| *number == 0.0))
    }

    /// A network of this shape, all zero.
    pub fn zeros_like(&self) -> Self {
        Self {
            layers: self.layers.iter().map(Layer::zeros_like).collect(),
        }
    }

    /// What the last layer makes of `features` `[rows, features]`: `[rows, outputs]`.
    pub fn outputs(&self, features: &Array2<f64>) -> Array2<f64> {
        let mut values = None;
        for layer in &self.layers {
            let mut outputs = Array2::zeros((features.nrows(), layer.biases.len()));
            let inputs = match &mut values {
                None => features,
                Some(hidden) => {
                    rectify(hidden);
                    hidden
                }
            };
            layer.forward(&inputs.view(), &mut outputs.view_mut());
            values = Some(outputs);
        }
        values.unwrap_or_default()
    }
}

/// ReLU in place. NaN stays, so that a loss shows it.
pub(crate) fn rectify<S: DataMut<Elem = f64>>(values: &mut ArrayBase<S, Ix2>) {
    values.mapv_inplace(|value| if value < 0.0 { 0.0 } else { value });
}
