//! Distances of updates to the base model, and what a norm rule makes of them.

use alloc::{borrow::Cow, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What happens to an update far from the base model. Norms are Euclidean, of (update - base), in
/// fixed point at scale `2^-frac_bits`.
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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum NormRule {
    /// An update beyond the bound does not count.
    Reject {
        /// Largest norm.
        max: u64,
    },
    /// An update beyond the bound is scaled down to it (Sun et al., "Can You Really Backdoor
    /// Federated Learning?", 2019).
    Clip {
        /// Largest norm.
        max: u64,
    },
    /// Updates beyond the median of the round's norms are scaled down to it: a bound that needs no
    /// guess, and that a minority cannot raise beyond what honest clients send.
    ClipToMedian,
}

impl NormRule {
    /// Whether an update at this squared distance counts.
    pub fn accepts(&self, squared: u128) -> bool {
        match self {
            Self::Reject { max } => squared <= square(*max),
            Self::Clip { .. } | Self::ClipToMedian => true,
        }
    }
}

fn square(norm: u64) -> u128 {
    u128::from(norm).saturating_mul(norm.into())
}

/// The norm, rounded up.
fn norm(squared: u128) -> u128 {
    let floor = squared.isqrt();
    let is_exact = floor.saturating_mul(floor) == squared;
    floor.saturating_add((!is_exact).into())
}

/// Sum of the squared differences; exact. Adds up over the chunks of a model: at most 2^22 squares
/// below 2^64.
pub fn squared_distance(a: &[i32], b: &[i32]) -> u128 {
    // Squares of 64 bits are summed in two halves, so that the loop needs no 128-bit arithmetic:
    // each half grows by less than 2^32 per value.
    let (high, low) = a.iter().zip(b).fold((0u64, 0u64), |(high, low), (a, b)| {
        let difference = u64::from(a.abs_diff(*b));
        let square = difference.wrapping_mul(difference);
        (
            high.wrapping_add(square >> 32),
            low.wrapping_add(square & u64::from(u32::MAX)),
        )
    });
    (u128::from(high) << 32).saturating_add(low.into())
}

/// Scaling of one update's difference to the base model, in units of 2^-30.
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
pub struct Factor(u32);

impl Factor {
    const BITS: u32 = 30;
    /// Leaves an update as it is.
    pub const ONE: Self = Self(1 << Self::BITS);

    /// The largest factor that brings a squared norm within `max`, rounded down.
    fn within(max: u64, squared: u128) -> Self {
        if squared <= square(max) {
            return Self::ONE;
        }
        let factor = (u128::from(max) << Self::BITS).checked_div(norm(squared));
        // Below one, since the norm is above `max`.
        Self(
            factor
                .and_then(|factor| u32::try_from(factor).ok())
                .unwrap_or(0),
        )
    }

    /// As [`Self::apply`]; what stays as it is is not copied.
    pub(crate) fn apply_to<'a>(self, mut values: Cow<'a, [i32]>, base: &[i32]) -> Cow<'a, [i32]> {
        if self != Self::ONE {
            self.apply(values.to_mut(), base);
        }
        values
    }

    /// Scales the differences of `values` to `base`, rounding each towards zero, which never
    /// lengthens it.
    pub fn apply(self, values: &mut [i32], base: &[i32]) {
        if self == Self::ONE {
            return;
        }
        let factor = i64::from(self.0);
        for (value, base) in values.iter_mut().zip(base) {
            let difference = i64::from(*value).wrapping_sub((*base).into());
            // At most 2^32 * 2^30. Adding all but one unit first makes the shift round towards
            // zero.
            let product = difference.wrapping_mul(factor);
            let towards_zero = (product >> 63) & ((1 << Self::BITS) - 1);
            let scaled = product.wrapping_add(towards_zero) >> Self::BITS;
            *value = scaled.wrapping_add((*base).into()) as i32;
        }
    }
}

/// One factor per update, from the squared norms of all updates of a round.
pub fn factors(rule: Option<NormRule>, squared: &[u128]) -> Vec<Factor> {
    let max = match rule {
        None | Some(NormRule::Reject { .. }) => None,
        Some(NormRule::Clip { max }) => Some(max),
        Some(NormRule::ClipToMedian) => Some(median_norm(squared)),
    };
    squared
        .iter()
        .map(|squared| max.map_or(Factor::ONE, |max| Factor::within(max, *squared)))
        .collect()
}

/// The lower median of the norms, rounded up so that the median update itself stays as it is.
fn median_norm(squared: &[u128]) -> u64 {
    let mut sorted = squared.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len().saturating_sub(1) / 2;
    let median = sorted.get(middle).map_or(0, |squared| norm(*squared));
    u64::try_from(median).unwrap_or(u64::MAX)
}

/// Scales `values` to a norm of at most `max`; answers whether that was needed.
pub fn clip(values: &mut [i32], base: &[i32], max: u64) -> bool {
    let factor = Factor::within(max, squared_distance(values, base));
    factor.apply(values, base);
    factor != Factor::ONE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_are_exact() {
        let squared = squared_distance(&[3, -4, 7], &[0, 0, 7]);
        assert_eq!(squared, 25);
        assert!(NormRule::Reject { max: 5 }.accepts(squared));
        assert!(!NormRule::Reject { max: 4 }.accepts(squared));
        let extreme = squared_distance(&[i32::MIN; 3], &[i32::MAX; 3]);
        assert_eq!(extreme, 3 * u128::from(u32::MAX).pow(2));
    }

    #[test]
    fn what_is_within_stays_and_what_is_beyond_keeps_its_direction() {
        let mut values = [3, 4];
        assert!(!clip(&mut values, &[0, 0], 5));
        assert_eq!(values, [3, 4]);
        let mut values = [300, -400, 7];
        assert!(clip(&mut values, &[0, 0, 7], 50));
        assert_eq!(values, [29, -39, 7]);
    }

    #[test]
    fn the_median_norm_is_the_bound() {
        let squared = [100, 4, 400, 25];
        let found = factors(Some(NormRule::ClipToMedian), &squared);
        // The lower median is 5: half of 10, a quarter of 20.
        let part = |parts: u32| Factor((1 << 30) / parts);
        assert_eq!(found, [part(2), Factor::ONE, part(4), Factor::ONE]);
        assert_eq!(factors(None, &squared), [Factor::ONE; 4]);
        assert_eq!(factors(Some(NormRule::ClipToMedian), &[]), []);
    }

    #[test]
    fn no_factor_passes_the_bound() {
        for squared in 1..3_000u128 {
            for max in 0..60u64 {
                let factor = u128::from(Factor::within(max, squared).0);
                let bound = square(max) << (2 * Factor::BITS);
                assert!(factor * factor * squared <= bound || factor == 1 << 30);
                assert!((factor == 1 << 30) == (squared <= square(max)));
            }
        }
    }

    proptest! {
        #[test]
        fn distances_are_those_of_plain_arithmetic(
            pairs in prop::collection::vec((any::<i32>(), any::<i32>()), 0..50),
        ) {
            let (a, b): (Vec<i32>, Vec<i32>) = pairs.iter().copied().unzip();
            let plain: i128 = pairs.iter().map(|(a, b)| (i128::from(*a) - i128::from(*b)).pow(2)).sum();
            prop_assert_eq!(squared_distance(&a, &b), plain as u128);
        }

        #[test]
        fn what_was_clipped_is_within(
            pairs in prop::collection::vec((any::<i32>(), any::<i32>()), 1..20),
            max in 0u64..1 << 34,
        ) {
            let (mut values, base): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
            let before = values.clone();
            clip(&mut values, &base, max);
            let rule = NormRule::Reject { max };
            prop_assert!(rule.accepts(squared_distance(&values, &base)));
            for ((before, after), base) in before.iter().zip(&values).zip(&base) {
                prop_assert!((base.min(before)..=base.max(before)).contains(&after));
            }
        }
    }
}
