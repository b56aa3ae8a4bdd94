//! Local training, evaluation and prediction, in `f64`.
//!
//! ```text
//! server model --dequantise--> weights --SGD on own rows--> weights --quantise--> update
//! ```
//!
//! Whatever is reported is measured on QUANTISED weights: it is what the chain holds.

mod affine;
mod error;
mod fit;
mod loss;
mod metrics;
mod moments;
mod predict;
mod quantise;
mod sgd;

#[cfg(test)]
mod tests;

pub use error::LearnError;
pub use metrics::{Metrics, evaluate};
pub use moments::{moments, quantise as quantise_row};
pub use predict::{Prediction, predict};
pub use quantise::{dequantise, quantise};

use affine::Affine;
use fedchain_fl::TaskSpec;
use fit::checked_targets;

use crate::data::Dataset;

/// How a client trains. Each client chooses its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyper {
    /// Passes over the rows in each round.
    pub epochs: u32,
    /// Rows per step.
    pub batch_size: usize,
    /// Step size at the start of round 1, see [`train`].
    pub learning_rate: f64,
    /// Seed of the order in which rows are visited.
    pub seed: u64,
}

impl Default for Hyper {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 32,
            learning_rate: 0.05,
            seed: 0,
        }
    }
}

/// What a client sends, and what it gained.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The update, `[param_count]`, at scale `2^-frac_bits`.
    pub values: Vec<i32>,
    /// The base model on the client's rows.
    pub before: Metrics,
    /// The update on the client's rows.
    pub after: Metrics,
}

/// Trains from the server model `base` on the client's rows, for `round` (from 1).
///
/// Mini-batch SGD on the mean squared error (linear) or the cross-entropy (softmax). Clients whose
/// rows differ drift apart while they train, and the mean of their updates is then not yet the
/// optimum of all rows; steps shrink with the rounds, so that drift and noise fade and the server
/// model converges to that optimum (Li et al., "On the Convergence of FedAvg on Non-IID Data",
/// 2020). The same arguments give the same update.
///
/// # Errors
/// [`LearnError`] when the model cannot be trained here, does not fit the data, or training leaves
/// the numbers that the federation's format can hold.
pub fn train(
    task: &TaskSpec,
    base: &[i32],
    data: &Dataset,
    hyper: &Hyper,
    round: u32,
) -> Result<Trained, LearnError> {
    let before = evaluate(task, base, data)?;
    let model = Affine::from_values(task, base)?;
    let targets = checked_targets(task, data)?;
    let model = sgd::descend(model, &data.features, targets, hyper, round)?;
    let values = quantise(&model.to_vec(), task.format)?;
    let after = evaluate(task, &values, data)?;
    Ok(Trained {
        values,
        before,
        after,
    })
}
