//! The loss of one row, at 2^-32, of outputs at 2^-16.

use super::{
    FEATURE_FRAC_BITS, LOSS_FRAC_BITS,
    exp_ln::{exp_neg, ln},
};
use crate::Target;

/// The loss of a row's outputs: squared error of a real target, cross-entropy of classes.
///
/// None when there is no output for the target.
pub(super) fn row_loss(
    kind: &Target,
    mut outputs: impl Iterator<Item = i32> + Clone,
    target: i32,
) -> Option<u64> {
    match kind {
        Target::Real(_) => outputs.next().map(|output| squared_error(output, target)),
        Target::Classes { .. } => cross_entropy(outputs, target),
    }
}

/// `(output - target)^2`; exact: a difference has 32 bits, its square 64.
pub(super) fn squared_error(output: i32, target: i32) -> u64 {
    let difference = u64::from(output.abs_diff(target));
    difference.wrapping_mul(difference)
}

/// `ln(sum(exp(scores))) - scores[class]`, with the largest score taken out, so that exponentials are
/// at most one and the largest is one: `ln(sum(exp(score - largest))) + largest - scores[class]`.
///
/// None when there is no such class. Within 2^-28 of the exact value for up to 2^8 classes.
pub(super) fn cross_entropy(scores: impl Iterator<Item = i32> + Clone, class: i32) -> Option<u64> {
    let score = scores.clone().nth(usize::try_from(class).ok()?)?;
    let largest = scores.clone().max()?;
    let sum = scores.fold(0u64, |sum, score| {
        sum.saturating_add(exp_neg(largest.abs_diff(score)))
    });
    let margin = u64::from(largest.abs_diff(score)) << (LOSS_FRAC_BITS - FEATURE_FRAC_BITS);
    Some(ln(sum).saturating_add(margin))
}
