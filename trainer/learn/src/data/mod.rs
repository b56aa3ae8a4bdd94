//! Rows on disk become numbers in memory, the same way at every client.
//!
//! ```text
//! CSV, TSV, Parquet --Table--> header and cells --schema--> Dataset
//! ```
//!
//! - [`Table`] is a file in memory, whatever its format.
//! - A [`Dataset`] is what the federation's schema makes of it: each column is found by its name,
//!   shifted by its offset and divided by its scale. Nothing else of the file is kept, and nothing of
//!   it ever leaves the machine.
//! - [`check`](mod@check) says all that a federation would refuse of a file; [`infer`](mod@infer) makes a
//!   schema of one.
//! - [`partition`] deals rows to the clients of an experiment.

mod alike;
mod cell;
pub mod check;
mod decorated;
mod error;
pub mod infer;
mod missing;
pub mod partition;
mod read;
mod reading;
mod table;

pub use cell::{escape, excerpt};
pub use error::DataError;
pub use reading::{Delimiter, NoDelimiter, Reading};
pub use table::{Cell, Remark, Table};

use fedchain_fl::Decimal;
use ndarray::{Array1, Array2, Axis};

/// Rows as the model sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// `(value - offset) / scale`, `[rows, features]`, in the schema's order.
    pub features: Array2<f64>,
    /// What the model should say of each row, `[rows]`; none when only predictions are asked for.
    pub targets: Option<Targets>,
}

/// The target column.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// `(value - offset) / scale`, `[rows]`.
    Real(Array1<f64>),
    /// The place of each row's label in the schema's list, `[rows]`.
    Classes(Array1<usize>),
}

impl Dataset {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.features.nrows()
    }

    /// The given rows, in this order; one may be asked for more than once.
    ///
    /// # Panics
    /// When a row is not below [`Self::rows`].
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: self.features.select(Axis(0), rows),
            targets: self.targets.as_ref().map(|targets| targets.select(rows)),
        }
    }
}

impl Targets {
    /// The targets of the given rows.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Real(values) => Self::Real(values.select(Axis(0), rows)),
            Self::Classes(classes) => Self::Classes(classes.select(Axis(0), rows)),
        }
    }
}

/// The nearest `f64` of a decimal number.
pub fn nearest(decimal: Decimal) -> f64 {
    // A decimal's text is always a number, and `f64` reads it correctly rounded.
    decimal.to_string().parse().unwrap_or(f64::NAN)
}
