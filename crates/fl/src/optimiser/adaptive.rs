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
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
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
        // The step in units of a weight and the root's companion, both with 16 more bits.
        let rate = i128::from(positive(&self.rate).unwrap_or(1)) << format.frac_bits;
        let tau = positive(&self.tau).unwrap_or(1) << format.frac_bits;
        move |gradient, moment| {
            let fresh = gradient.wrapping_mul((1i64 << BITS).wrapping_sub(beta1));
            moment.first = times(moment.first, beta1).wrapping_add(fresh);
            let square = gradient.wrapping_mul(gradient).unsigned_abs();
            moment.second = second(moment.second, square, beta2);
            let root = moment.second.isqrt().cast_signed() << BITS;
            // Below 2^102 and 2^73, and the divisor not below 2^16.
            let step = rate.wrapping_mul(moment.first.into());
            let step = step
                .checked_div(i128::from(root.wrapping_add(tau)) << BITS)
                .unwrap_or(0);
            i64::try_from(step).unwrap_or(0)
        }
    }
}

/// `number * factor`, where `factor` is at most one and has 16 fractional bits; rounds down. Half by
/// half, so that 64 bits are enough.
pub(super) fn share(number: u64, factor: u64) -> u64 {
    let high = (number >> BITS).wrapping_mul(factor);
    let low = (number & 0xffff).wrapping_mul(factor) >> BITS;
    high.wrapping_add(low)
}
