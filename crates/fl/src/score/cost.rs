//! What a measurement costs, from lengths alone.

use super::dot::LANES;
use crate::{Target, TaskSpec};

// In multiply-accumulates whose sums need the wide way, by time in Wasm: weights and rows of strangers
// may be of any size.

/// Of laying out one feature.
const FEATURE: u64 = 2;
/// Of a bias, rounding and saturation.
const OUTPUT: u64 = 16;
/// Of one exponential.
const EXP: u64 = 16;
/// Of whatever else a row needs: its logarithm or square, and its place in the sum.
const ROW: u64 = 64;

/// What [`super::mean_loss`] costs over so many rows, in multiply-accumulates: known before any row is
/// read, so that a weight can follow from lengths. Zero for an opaque model.
///
/// Rows are run four at a time, and count so. Each row costs one for each weight of the model, biases
/// apart, and what features, outputs, exponentials and the row itself take besides.
pub fn operations(task: &TaskSpec, rows: u32) -> u64 {
    let layers = task.layers();
    let Some((features, _)) = layers.first() else {
        return 0;
    };
    let exponentials = match &task.schema.target {
        Target::Real(_) => 0,
        Target::Classes { labels, .. } => EXP.saturating_mul(labels.len() as u64),
    };
    let besides = FEATURE
        .saturating_mul((*features).into())
        .saturating_add(exponentials)
        .saturating_add(ROW);
    let row = layers.iter().fold(besides, |sum, (inputs, outputs)| {
        let output = u64::from(*inputs).saturating_add(OUTPUT);
        sum.saturating_add(output.saturating_mul((*outputs).into()))
    });
    u64::from(rows)
        .next_multiple_of(LANES as u64)
        .saturating_mul(row)
}
