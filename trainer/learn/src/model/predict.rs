//! What a model says of rows whose target nobody knows.

use fedchain_fl::{Target, TaskSpec};
use ndarray::Array2;
use serde::Serialize;

use super::{fit::check_features, loss::softmax, metrics::largest, network::Network};
use crate::{LearnError, data::nearest};

/// What a model says of one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// Of a regression.
    Real {
        /// In the target's original unit.
        value: f64,
    },
    /// Of a classification.
    Class {
        /// The most probable label.
        label: String,
        /// Its probability.
        probability: f64,
    },
}

/// Runs a model, `[param_count]` at scale `2^-frac_bits`, on scaled `features` `[rows, features]`.
///
/// # Errors
/// [`LearnError`] when the model cannot be run here or does not fit the features.
pub fn predict(
    task: &TaskSpec,
    model: &[i32],
    features: &Array2<f64>,
) -> Result<Vec<Prediction>, LearnError> {
    let model = Network::from_values(task, model)?;
    check_features(task, features)?;
    let mut outputs = model.outputs(features);
    let predictions = outputs
        .outer_iter_mut()
        .map(|mut row| match &task.schema.target {
            Target::Real(column) => Prediction::Real {
                value: row.sum() * nearest(column.scale) + nearest(column.offset),
            },
            Target::Classes { labels, .. } => {
                softmax(&mut row);
                let class = largest(&row.view());
                Prediction::Class {
                    label: labels
                        .get(class)
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    probability: row[class],
                }
            }
        });
    Ok(predictions.collect())
}
