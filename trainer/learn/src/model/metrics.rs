//! How good a model is on some rows.

use fedchain_fl::{Target, TaskSpec};
use ndarray::{Array2, ArrayView1};
use serde::Serialize;

use super::{fit::checked_targets, loss::mean_loss, network::Network};
use crate::{
    LearnError,
    data::{Dataset, Targets, nearest},
};

/// A model's quality on some rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics {
    /// Rows measured.
    pub rows: usize,
    /// Mean loss: squared error of the scaled target, or cross-entropy in nats.
    pub loss: f64,
    /// Root of the mean squared error, in the target's original unit; of regression only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Share of rows whose most probable class is right; of classification only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// Measures a model, `[param_count]` at scale `2^-frac_bits`, on `data`.
///
/// # Errors
/// [`LearnError`] when the model cannot be run here or does not fit the data, or the data has no
/// rows or targets.
pub fn evaluate(task: &TaskSpec, model: &[i32], data: &Dataset) -> Result<Metrics, LearnError> {
    let model = Network::from_values(task, model)?;
    let targets = checked_targets(task, data)?;
    Ok(of(task, model.outputs(&data.features), targets))
}

/// Measures what a model made of rows, `outputs` `[rows, outputs]`; `targets` are theirs.
pub(super) fn of(task: &TaskSpec, mut outputs: Array2<f64>, targets: &Targets) -> Metrics {
    let rows = outputs.nrows();
    let accuracy = match targets {
        Targets::Real(_) => None,
        Targets::Classes(classes) => {
            let right = outputs
                .outer_iter()
                .zip(classes)
                .filter(|(row, class)| largest(row) == **class);
            Some(right.count() as f64 / rows as f64)
        }
    };
    let loss = mean_loss(&mut outputs.view_mut(), targets, 0..rows);
    let rmse = match &task.schema.target {
        Target::Real(column) => Some(loss.sqrt() * nearest(column.scale)),
        Target::Classes { .. } => None,
    };
    Metrics {
        rows,
        loss,
        rmse,
        accuracy,
    }
}

/// The place of the largest score, of equal ones the first.
pub(crate) fn largest(scores: &ArrayView1<'_, f64>) -> usize {
    (0..)
        .zip(scores)
        .fold((0, f64::NEG_INFINITY), |best, (place, score)| {
            if *score > best.1 {
                (place, *score)
            } else {
                best
            }
        })
        .0
}
