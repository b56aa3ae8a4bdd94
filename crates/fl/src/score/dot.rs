//! Dot products of one row of weights with several rows of values at a time: where the time goes.

use alloc::vec::Vec;

/// Rows that are multiplied at a time: each weight is read once for all of them, and their sums fill
/// the registers of a machine without wide vectors, as Wasm is.
pub(super) const LANES: usize = 4;

/// The values of [`LANES`] rows, `[inputs, LANES]`.
pub(super) type Batch = Vec<[i32; LANES]>;

/// Sums of this size and beyond saturate whatever they are rounded to: 2^62 is 2^32 at 30 fractional
/// bits less.
pub(super) const SUM_MAX: i64 = 1 << 62;

/// Sum of products `sum(w * x) + offset` of each lane, clamped to `-SUM_MAX ..= SUM_MAX`.
///
/// `fits` says that no sum can pass [`SUM_MAX`], see [`fits`].
pub(super) fn dot(
    weights: &[i32],
    batch: &[[i32; LANES]],
    offset: i64,
    fits: bool,
) -> [i64; LANES] {
    match fits {
        true => narrow(weights, batch, offset),
        false => wide(weights, batch, offset),
    }
}

/// Whether sums of `terms` products and an offset stay within [`SUM_MAX`], by the largest absolute
/// values.
pub(super) fn fits(weight: u32, value: u32, terms: usize, offset: u64) -> bool {
    u64::from(weight)
        .saturating_mul(value.into())
        .saturating_mul(terms as u64)
        .saturating_add(offset)
        <= SUM_MAX.unsigned_abs()
}

/// The largest absolute value; zero of none.
pub(super) fn largest<'a>(values: impl IntoIterator<Item = &'a i32>) -> u32 {
    values
        .into_iter()
        .fold(0, |largest, value| largest.max(value.unsigned_abs()))
}

/// With sums that fit.
pub(super) fn narrow(weights: &[i32], batch: &[[i32; LANES]], offset: i64) -> [i64; LANES] {
    let mut sums = [offset; LANES];
    for (weight, lanes) in weights.iter().zip(batch) {
        let weight = i64::from(*weight);
        for (sum, value) in sums.iter_mut().zip(lanes) {
            *sum = sum.wrapping_add(weight.wrapping_mul((*value).into()));
        }
    }
    sums
}

/// With any sums. A product has at most 2^62; its halves are summed apart, so that the loop needs no
/// 128-bit arithmetic: fewer than 2^31 terms grow neither sum beyond 63 bits.
pub(super) fn wide(weights: &[i32], batch: &[[i32; LANES]], offset: i64) -> [i64; LANES] {
    let mut halves = [(0i64, 0i64); LANES];
    for (weight, lanes) in weights.iter().zip(batch) {
        let weight = i64::from(*weight);
        for ((high, low), value) in halves.iter_mut().zip(lanes) {
            let product = weight.wrapping_mul((*value).into());
            *high = high.wrapping_add(product >> 32);
            *low = low.wrapping_add(product & i64::from(u32::MAX));
        }
    }
    halves.map(|(high, low)| {
        let sum = (i128::from(high) << 32)
            .saturating_add(low.into())
            .saturating_add(offset.into());
        sum.clamp((-SUM_MAX).into(), SUM_MAX.into()) as i64
    })
}
