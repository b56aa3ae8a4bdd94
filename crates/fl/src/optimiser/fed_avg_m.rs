//! FedAvgM (Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution for
//! Federated Visual Classification", 2019): `m = momentum * m + g`, `w = base + rate * m`.

use super::{BITS, GRADIENT_MAX, Moment, fraction, positive, times};
use crate::Decimal;

/// Largest momentum: what one largest gradient makes.
const MOMENTUM_MAX: i64 = GRADIENT_MAX << BITS;

/// The step of one weight.
pub(super) fn rule(momentum: Decimal, rate: Decimal) -> impl Fn(i64, &mut Moment) -> i64 {
    // Checked when the federation was created.
    let (momentum, rate) = (
        fraction(&momentum).unwrap_or(0),
        positive(&rate).unwrap_or(0),
    );
    move |gradient, moment| {
        let first = times(moment.first, momentum).saturating_add(gradient << BITS);
        moment.first = first.clamp(-MOMENTUM_MAX, MOMENTUM_MAX);
        times(moment.first >> BITS, rate)
    }
}
