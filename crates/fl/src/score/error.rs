//! Why a model could not be measured.

use core::fmt;

use crate::{
    Error,
    limits::{HOLDOUT_BYTES_MAX, HOLDOUT_ROWS_MAX},
};

/// Why a holdout was refused, or a model could not be measured on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreError {
    /// The holdout has no rows, or is no whole number of rows.
    HoldoutLength {
        /// Its values or bytes.
        found: usize,
        /// Values or bytes of one row.
        row: usize,
    },
    /// The holdout has more rows or bytes than [`HOLDOUT_ROWS_MAX`] and [`HOLDOUT_BYTES_MAX`] allow.
    HoldoutSize {
        /// Its rows, begun ones included.
        rows: usize,
        /// Rows that it may have.
        most: u32,
    },
    /// The holdout is not as long as those of its federation.
    HoldoutBytes {
        /// Its bytes.
        found: usize,
        /// Bytes that it must have.
        needed: u32,
    },
    /// A row's class is none of the target's.
    Class {
        /// The row, from zero.
        row: u32,
        /// The class that it names.
        found: i32,
        /// Classes of the target.
        classes: u32,
    },
    /// The holdout was made for a task with other features or another target.
    OtherTask,
    /// The chain does not know how to run an opaque model.
    Opaque,
    /// The model has the wrong number of weights.
    ModelLength {
        /// Weights given.
        found: usize,
        /// Weights of the task's model.
        expected: u32,
    },
    /// The task itself is wrong.
    Task(Error),
}

impl From<Error> for ScoreError {
    fn from(error: Error) -> Self {
        Self::Task(error)
    }
}

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldoutLength { found, row } => write!(
                f,
                "the holdout's length is {found}; it must be a multiple of {row}, one row's, and not \
                 zero"
            ),
            Self::HoldoutSize { rows, most } => write!(
                f,
                "the holdout has {rows} rows; {most} of this length are possible (at most \
                 {HOLDOUT_ROWS_MAX} rows and {HOLDOUT_BYTES_MAX} bytes)"
            ),
            Self::HoldoutBytes { found, needed } => {
                write!(f, "the holdout has {found} bytes; it must have {needed}")
            }
            Self::Class {
                row,
                found,
                classes,
            } => write!(
                f,
                "the class of holdout row {row} is {found}; it must be 0 or more and below {classes}"
            ),
            Self::OtherTask => write!(
                f,
                "the holdout was made for another task: features or target differ"
            ),
            Self::Opaque => write!(f, "an opaque model cannot be run: give its layers"),
            Self::ModelLength { found, expected } => {
                write!(
                    f,
                    "the model has {found} weights; the task's has {expected}"
                )
            }
            Self::Task(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ScoreError {}
