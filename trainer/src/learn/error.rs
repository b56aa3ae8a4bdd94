//! Why training stopped, and what to do about it.

use thiserror::Error;

/// Why a model could not be trained, evaluated or used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LearnError {
    /// Only linear and softmax models have a trainer here.
    #[error("this trainer knows linear and softmax models only: train \"{model}\" elsewhere")]
    NotTrainable {
        /// Kind of the federation's model.
        model: &'static str,
    },
    /// The model has the wrong number of weights.
    #[error("the model has {found} weights, the federation's task needs {expected}")]
    ModelLength {
        /// Weights that the task needs.
        expected: usize,
        /// Weights given.
        found: usize,
    },
    /// The data was read by another schema.
    #[error("the data does not follow the federation's schema: read it again by that schema")]
    SchemaMismatch,
    /// There is nothing to learn from.
    #[error("the data has no rows")]
    NoRows,
    /// The data has no target column.
    #[error("the data has no targets to compare the model with")]
    NoTargets,
    /// The loss is infinite or NaN.
    #[error("training diverged in epoch {epoch}: use a smaller learning rate than {learning_rate}")]
    Diverged {
        /// The epoch, from 1.
        epoch: u32,
        /// The learning rate in use.
        learning_rate: f64,
    },
    /// A weight does not fit the number format.
    #[error(
        "weight {index} became {value}, outside the federation's {min} to {max}: use a smaller \
         learning rate, or a federation with fewer frac_bits"
    )]
    OutOfRange {
        /// Place of the weight in the update.
        index: usize,
        /// Its value.
        value: f64,
        /// Smallest value of the format.
        min: f64,
        /// Largest value of the format.
        max: f64,
    },
}
