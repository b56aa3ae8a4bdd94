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
    /// Moments of so few rows would give single rows away.
    #[error(
        "you have {found} rows, and second moments of fewer than {needed} (twice the features) would \
         give single rows away: take part in a federation that averages models instead"
    )]
    TooFewRows {
        /// Rows.
        found: usize,
        /// Rows needed.
        needed: usize,
    },
    /// More rows than a certificate counts.
    #[error("a certificate takes at most 2^30 rows")]
    TooManyRows,
    /// A value of a row is beyond what moments hold.
    #[error(
        "row {row}: {column} is {value} after the schema's offset and scale, beyond 8: give the \
         federation a larger scale for it, or leave the row out"
    )]
    RowOutOfRange {
        /// The row, from 1.
        row: usize,
        /// Name of the column.
        column: String,
        /// The value that the model would see.
        value: f64,
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
