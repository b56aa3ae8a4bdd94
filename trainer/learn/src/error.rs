//! Why training stopped, and what to do about it.

use thiserror::Error;

/// Why a model could not be trained, evaluated or used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LearnError {
    /// Nobody here knows what the weights of an opaque model mean.
    #[error(
        "the federation's model is opaque: train it elsewhere and send its weights with \
         `fedchain submit`"
    )]
    NotTrainable,
    /// The method is made for other models.
    #[error("least squares solves linear models only: choose another --method")]
    NotLinear,
    /// The normal equations have no single solution.
    #[error(
        "the rows leave the model undetermined: {feature} is constant in them, or follows from the \
         columns before it; give a penalty with --l2, such as 1e-6"
    )]
    Undetermined {
        /// Name of the first such column.
        feature: String,
    },
    /// Nothing gets through a hidden layer, so there is no slope.
    #[error(
        "a hidden layer of the server model is all zero and would never learn: create the federation \
         with initial = {{ seeded = 7 }}, or train by --method genetic"
    )]
    DeadLayer,
    /// A setting is out of its range.
    #[error("{setting} is {value}: it must be {needs}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        needs: &'static str,
    },
    /// Genetic search has nothing to cross.
    #[error("genetic search needs a --population of two or more, and --generations")]
    NoGenes,
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
    #[error(
        "training diverged in epoch {epoch}: use a --learning-rate smaller than {learning_rate}, or \
         less --momentum"
    )]
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
        "data row {row}, the header not counted: {column} is {value} after the schema's offset and scale, beyond 8: give the \
         federation a larger scale for it, or leave the row out"
    )]
    RowOutOfRange {
        /// The row of the data, from 1.
        row: usize,
        /// Name of the column.
        column: String,
        /// The value that the model would see.
        value: f64,
    },
    /// A weight does not fit the number format.
    #[error(
        "weight {index} became {value}, outside the federation's {min} to {max}: lower \
         --learning-rate, raise --l2, or use a federation with fewer frac_bits"
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
