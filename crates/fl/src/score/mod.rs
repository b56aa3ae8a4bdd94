//! How well a model does on holdout rows, in exact integers, as a chain could measure it.
//!
//! ```text
//! bytes --Holdout::decode--> Holdout --forward, loss--> mean loss
//! ```
//!
//! Everything rounds in fixed places: outputs of a layer to 2^-16, the loss of a row and the mean to
//! 2^-32. Whoever measures the same model on the same rows arrives at the same bits.
//!
//! - A sum of products is exact before it is rounded, so neither its order nor the width of the
//!   arithmetic shows.
//! - What does not fit saturates: no weights and no rows can stop a measurement.
//! - Costs follow from lengths alone, see [`operations`].

mod cost;
mod dot;
mod exp_ln;
mod forward;
mod holdout;
mod loss;

#[cfg(test)]
pub(crate) mod tests;

pub use cost::operations;
pub use holdout::Holdout;

use crate::{Error, TaskSpec};
use dot::Batch;
use forward::Network;
use holdout::Layout;
use loss::row_loss;

/// Fractional bits of features, real targets and a model's outputs.
pub const FEATURE_FRAC_BITS: u32 = 16;
/// Fractional bits of a loss.
pub const LOSS_FRAC_BITS: u32 = 32;

/// The mean loss of a model, `[param_count]` at scale `2^-frac_bits`, over the rows of a holdout: a
/// `u64` at scale 2^-32, rounded half to even.
///
/// Real targets: squared error `(o - y)^2`, in squares of the unit in which the model predicts.
/// Classes: cross-entropy `ln(sum(exp(o))) - o[class]`, in nats, within 2^-28 of that of the outputs.
/// Outputs `o` are rounded half to even to 2^-16 after each layer.
///
/// # Errors
/// [`Error::Opaque`], [`Error::ModelLength`]; [`Error::OtherTask`] when the holdout's
/// rows are not those of the task; as [`TaskSpec::param_count`].
pub fn mean_loss(task: &TaskSpec, model: &[i32], holdout: &Holdout) -> Result<u64, Error> {
    if Layout::of(task) != holdout.layout() {
        return Err(Error::OtherTask);
    }
    let network = Network::new(task, model)?;
    // Layers write to the two in turn, so that nothing is allocated after the first rows.
    let (mut batch, mut spare) = (Batch::new(), Batch::new());
    let mut sum = 0u128;
    for rows in holdout.batches() {
        rows.lay_out(&mut batch);
        network.run(&mut batch, &mut spare);
        for (lane, target) in rows.targets().enumerate() {
            let outputs = batch.iter().filter_map(|lanes| lanes.get(lane).copied());
            // There is one: the target was checked against the layout.
            let loss = row_loss(&task.schema.target, outputs, target);
            sum = sum.saturating_add(loss.ok_or(Error::OtherTask)?.into());
        }
    }
    Ok(mean(sum, holdout.rows()))
}

/// `sum / count`, rounded half to even; zero of none. The sum is at most `count` times a `u64`.
fn mean(sum: u128, count: u32) -> u64 {
    let count = u128::from(count);
    let floor = sum.checked_div(count).unwrap_or(0);
    let twice = sum.checked_rem(count).unwrap_or(0).saturating_mul(2);
    let is_up = (twice > count) | ((twice == count) & (floor & 1 == 1));
    u64::try_from(floor.saturating_add(is_up.into())).unwrap_or(u64::MAX)
}
