//! What FedAdam and FedYogi have in common (Reddi et al., "Adaptive Federated Optimization", 2021,
//! algorithm 2): `m = beta1 * m + (1 - beta1) * g` and `w = base + rate * m / (sqrt(v) + tau)`, where the
//! root rounds down to whole units of a weight and there is no bias correction, as in the paper.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{BITS, Moment, fraction, positive, times};
use crate::{Decimal, Error, Format};

/// Parameters of an adaptive optimiser; 0.9, 0.99, 0.1 and 0.001 are usual.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Adaptive {
    /// What is left of the mean gradient after a round; below one.
    pub beta1: Decimal,
    /// What is left of the mean square after a round; below one.
    pub beta2: Decimal,
    /// Step size in the model's real units; above zero, at most 1,000.
    pub rate: Decimal,
    /// Keeps steps small where gradients are; above zero, at most 1,000.
    pub tau: Decimal,
}

impl Adaptive {
    pub(super) fn check(&self) -> Result<(), Error> {
        fraction(&self.beta1)?;
        fraction(&self.beta2)?;
        positive(&self.rate)?;
        positive(&self.tau)?;
        Ok(())
    }

    /// The step of one weight; `second` makes the next mean square of the last one, the square of the
    /// gradient and what the former keeps.
    pub(super) fn rule(
        self,
        format: Format,
        second: fn(u64, u64, u64) -> u64,
    ) -> impl Fn(i64, &mut Moment) -> i64 {
        // Checked when the federation was created.
        let beta1 = fraction(&self.beta1).unwrap_or(0);
        let beta2 = fraction(&self.beta2).unwrap_or(0).unsigned_abs();
        let unit = 1i128 << format.frac_bits;
        let rate = i128::from(positive(&self.rate).unwrap_or(1));
        // As the root below, at scale 2^-(frac_bits + 16).
        let tau = unit.saturating_mul(positive(&self.tau).unwrap_or(1).into());
        move |gradient, moment| {
            let kept = times(moment.first, beta1);
            let fresh = gradient.saturating_mul((1i64 << BITS).saturating_sub(beta1));
            moment.first = kept.saturating_add(fresh);
            let square = gradient
                .unsigned_abs()
                .saturating_mul(gradient.unsigned_abs());
            moment.second = second(moment.second, square, beta2);
            let root = i128::from(moment.second.isqrt()) << BITS;
            // Below 2^102, and not below 2^16.
            let step = rate
                .saturating_mul(moment.first.into())
                .saturating_mul(unit);
            let step = step
                .checked_div(root.saturating_add(tau) << BITS)
                .unwrap_or(0);
            i64::try_from(step).unwrap_or(0)
        }
    }
}

/// `number * factor`, where `factor` is below one and has 16 fractional bits; rounds down.
pub(super) fn share(number: u64, factor: u64) -> u64 {
    let product = u128::from(number).saturating_mul(factor.into()) >> BITS;
    u64::try_from(product).unwrap_or(u64::MAX)
}
