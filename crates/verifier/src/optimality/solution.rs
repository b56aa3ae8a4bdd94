//! A solution and its witness.

use alloc::{vec, vec::Vec};
use fedchain_fl::{Format, Shape, number::div_round_half_even, view::Bound};
use primitive_types::U256;

use super::{Error, triangle};

/// Fractional bits of a weight.
pub const WEIGHT_BITS: u32 = Bound::WEIGHT_BITS;
/// A weight's size, at most: 2^15 in real numbers.
pub const WEIGHT_MAX: u64 = 1 << 47;
/// Fractional bits of a witness: `G G'` has 64, 40 more than H.
pub const WITNESS_BITS: u32 = 32;
/// The size of a witness's entry, at most.
pub const WITNESS_MAX: u64 = 1 << 55;

/// Fractional bits that `G G'` has more than H.
const MORE_BITS: u32 = 2 * WITNESS_BITS - 24;

/// What somebody hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Lower bound on the eigenvalues of H that the witness is for, 2^-24.
    pub mu: u64,
    /// The model, `[features + 1]`, the intercept last, 2^-32.
    pub weights: Vec<i64>,
    /// Lower triangular G, packed, 2^-32, with `G G'` close to `H - mu I`.
    pub witness: Vec<i64>,
}

impl Solution {
    /// From canonical bytes of the shape's length: curvature, weights, witness, all little-endian.
    pub(super) fn decode(shape: Shape, bytes: &[u8]) -> Self {
        let words = bytes.as_chunks::<8>().0;
        let mut words = words.iter().copied();
        let mu = words.next().map_or(0, u64::from_le_bytes);
        let mut numbers = words.map(i64::from_le_bytes);
        let weights = numbers.by_ref().take(shape.weights() as usize).collect();
        Self {
            mu,
            weights,
            witness: numbers.collect(),
        }
    }

    /// Canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let numbers = self.weights.iter().chain(&self.witness);
        let mut bytes = self.mu.to_le_bytes().to_vec();
        bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// The weights in a number format, rounded half to even; none when one does not fit.
    pub fn model(&self, format: Format) -> Option<Vec<i32>> {
        let shift = WEIGHT_BITS.checked_sub(format.frac_bits.into())?;
        let unit = 1i64.checked_shl(shift)?;
        let rounded = self.weights.iter().map(|weight| {
            let weight = div_round_half_even(*weight, unit)?;
            i32::try_from(weight).ok()
        });
        rounded.collect()
    }

    /// How far the model in a number format is from the weights, 2^-32, rounded up; none when a weight
    /// does not fit.
    pub(super) fn rounding_up(&self, format: Format) -> Option<u64> {
        let model = self.model(format)?;
        let shift = WEIGHT_BITS.checked_sub(format.frac_bits.into())?;
        let distances = self.weights.iter().zip(model).map(|(weight, rounded)| {
            // A weight is at most 2^47, and a rounded one 2^31 units of at most 2^32.
            (i128::from(rounded) << shift).wrapping_sub((*weight).into())
        });
        let distances: Vec<i128> = distances.collect();
        quotient_up(&distances, 1)
    }

    /// Whether no product of the check can overflow.
    pub(super) fn check(&self) -> Result<(), Error> {
        let within = |numbers: &[i64], most: u64| numbers.iter().all(|n| n.unsigned_abs() <= most);
        if !within(&self.weights, WEIGHT_MAX) {
            return Err(Error::Weight);
        }
        match within(&self.witness, WITNESS_MAX) && self.mu <= 1 << 62 {
            true => Ok(()),
            false => Err(Error::Witness),
        }
    }

    /// Lower bound on the eigenvalues of H that follows from the witness: `mu - |R|`, rounded down,
    /// 2^-24; none when it is not above zero.
    ///
    /// `squares` is H without the penalty, packed; `ridge` what the penalty adds to its diagonal.
    pub(super) fn proven_curvature(&self, squares: &[i64], ridge: i64) -> Option<u64> {
        let side = triangle::rows(squares).count();
        let mut sums = vec![0u128; side];
        let pairs = || triangle::rows(squares).zip(triangle::rows(&self.witness));
        for (place, (row, witness)) in pairs().enumerate() {
            let mut own_sum = 0u128;
            let columns = triangle::rows(&self.witness).zip(&mut sums);
            for ((column, (other, other_sum)), entry) in columns.enumerate().zip(row) {
                let on_diagonal = match column == place {
                    true => i128::from(ridge).wrapping_sub(self.mu.into()),
                    false => 0,
                };
                // H is below 2^62, so 2^102 here; 201 products below 2^110 stay below 2^118.
                let wanted = i128::from(*entry).wrapping_add(on_diagonal) << MORE_BITS;
                let rest = wanted.wrapping_sub(product(witness, other)).unsigned_abs();
                own_sum = own_sum.saturating_add(rest);
                if column != place {
                    *other_sum = other_sum.saturating_add(rest);
                }
            }
            let sum = sums.get_mut(place)?;
            *sum = sum.saturating_add(own_sum);
        }
        let largest = sums.iter().max()?.div_ceil(1 << MORE_BITS);
        let mu = u128::from(self.mu).checked_sub(largest)?;
        u64::try_from(mu).ok().filter(|mu| *mu > 0)
    }
}

/// Sum of the products of two rows, as far as the shorter one goes.
fn product(a: &[i64], b: &[i64]) -> i128 {
    a.iter().zip(b).fold(0i128, |sum, (a, b)| {
        sum.wrapping_add(i128::from(*a).wrapping_mul((*b).into()))
    })
}

/// The Euclidean norm of `residual` divided by `mu`, rounded up; none when it does not fit.
pub(super) fn quotient_up(residual: &[i128], mu: u64) -> Option<u64> {
    // 201 squares below 2^236 stay below 2^244.
    let squared = residual.iter().try_fold(U256::zero(), |sum, value| {
        let size = U256::from(value.unsigned_abs());
        sum.checked_add(size.checked_mul(size)?)
    })?;
    let floor = squared.integer_sqrt();
    let is_exact = floor.checked_mul(floor)? == squared;
    let norm = floor.checked_add(U256::from(u8::from(!is_exact)))?;
    let mu = U256::from(mu);
    let quotient = norm
        .checked_add(mu)?
        .checked_sub(U256::one())?
        .checked_div(mu)?;
    u64::try_from(quotient).ok()
}
