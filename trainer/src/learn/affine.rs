//! The one layer of linear and softmax models: a weight for each output and input, and biases.

use fedchain_fl::{ModelSpec, TaskSpec};
use ndarray::{Array1, Array2};

use super::{LearnError, dequantise};

/// A layer in `f64`.
#[derive(Debug, Clone)]
pub(super) struct Affine {
    /// `[outputs, inputs]`
    pub weights: Array2<f64>,
    /// `[outputs]`
    pub biases: Array1<f64>,
}

impl Affine {
    /// The layer that a model's fixed-point values stand for.
    pub fn from_values(task: &TaskSpec, values: &[i32]) -> Result<Self, LearnError> {
        match task.model {
            ModelSpec::Linear | ModelSpec::Softmax => {}
            ModelSpec::Mlp { .. } => return Err(LearnError::NotTrainable { model: "mlp" }),
            ModelSpec::Opaque { .. } => return Err(LearnError::NotTrainable { model: "opaque" }),
        }
        let inputs = task.schema.features.len();
        let outputs = task.schema.target.outputs() as usize;
        let wrong_length = LearnError::ModelLength {
            expected: (inputs + 1) * outputs,
            found: values.len(),
        };
        let mut weights = dequantise(values, task.format);
        let biases = weights.split_off(weights.len().min(inputs * outputs));
        if biases.len() != outputs {
            return Err(wrong_length);
        }
        let weights =
            Array2::from_shape_vec((outputs, inputs), weights).map_err(|_| wrong_length)?;
        Ok(Self {
            weights,
            biases: biases.into(),
        })
    }

    /// All weights and biases, in the order of [`ModelSpec`].
    pub fn to_vec(&self) -> Vec<f64> {
        self.weights.iter().chain(&self.biases).copied().collect()
    }

    /// What the layer makes of `features` `[rows, inputs]`: `[rows, outputs]`.
    pub fn outputs(&self, features: &Array2<f64>) -> Array2<f64> {
        features.dot(&self.weights.t()) + &self.biases
    }
}
