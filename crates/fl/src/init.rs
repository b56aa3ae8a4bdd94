//! The seeded initial model, in integers.

use alloc::vec::Vec;

use crate::Format;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `-limit ..= limit`, by the upper half of a 64-bit product.
    fn within(&mut self, limit: i64) -> i64 {
        let span = u128::from(limit.unsigned_abs())
            .saturating_mul(2)
            .saturating_add(1);
        let draw = u128::from(self.next()).saturating_mul(span) >> 64;
        i64::try_from(draw).unwrap_or(0).saturating_sub(limit)
    }
}

/// Weights of the given `(inputs, outputs)` layers, flattened as [`crate::ModelSpec`] says.
///
/// Each weight is uniform within `sqrt(6 / (inputs + outputs))` (Glorot and Bengio, 2010), rounded
/// down to the fixed point and clamped to the width; biases are zero.
pub fn glorot(seed: u64, layers: &[(u32, u32)], format: Format) -> Vec<i32> {
    let mut random = SplitMix64(seed);
    let (_, width_max) = format.range();
    let mut weights = Vec::new();
    for (inputs, outputs) in layers {
        let fans = u128::from(*inputs).saturating_add((*outputs).into()).max(1);
        let square = (6u128 << (2 * u32::from(format.frac_bits)))
            .checked_div(fans)
            .unwrap_or(0);
        let limit = i64::try_from(square.isqrt())
            .unwrap_or(0)
            .min(width_max.into());
        for _ in 0..u64::from(*inputs).saturating_mul((*outputs).into()) {
            weights.push(i32::try_from(random.within(limit)).unwrap_or(0));
        }
        weights.extend(core::iter::repeat_n(0, *outputs as usize));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_pinned() {
        let weights = glorot(7, &[(3, 2)], Format::default());
        assert_eq!(weights.len(), 8);
        assert_eq!(&weights[6..], [0, 0]);
        assert_eq!(
            weights, PINNED,
            "changing the initialiser changes the protocol"
        );
    }

    /// Computed by another implementation of the same formula.
    const PINNED: [i32; 8] = [-15_819, -69_381, 57_542, 11_907, -6_829, -35_977, 0, 0];

    #[test]
    fn stays_within_its_limit_and_fills_it() {
        let weights = glorot(1, &[(100, 50)], Format::default());
        let limit = ((6.0f64 / 150.0).sqrt() * 65_536.0) as i32;
        let largest = weights.iter().map(|w| w.abs()).max().unwrap();
        assert!(
            largest <= limit && largest > limit * 99 / 100,
            "{largest} of {limit}"
        );
    }
}
