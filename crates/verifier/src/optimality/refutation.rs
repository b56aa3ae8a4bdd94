//! Proof that moments are of no rows.
//!
//! Rows `X` and targets `y`, all below 2^15 in size, have for every vector `v` and number `s`
//!
//! ```text
//! 0 <= |X v + s y|^2 = v' A v + 2 s b' v + s^2 y' y     y' y <= n 2^30
//! ```
//!
//! Whoever shows `v` and `s` for which the right side is negative with `n 2^30` in the place of `y' y` has
//! proven that the moments `A`, `b` of n rows are of none. Otherwise the matrix of these squares and
//! products is positive semi-definite. If that holds for all clients it holds for the sum of all their
//! matrices; so `H = A + penalty N I` is positive definite, and the optimum has
//! `penalty N |w*|^2 <= w*' H w* = b' w* <= N 2^30`: it is at most `8 / sqrt(penalty)` in size, and nobody
//! can keep the federation from its certificate.

use alloc::vec::Vec;
use primitive_types::U256;

use super::{Error, Moments, moments::MOMENT_MAX_BITS, triangle};
use crate::Verifier;

/// The size of an entry, at most.
pub const REFUTATION_MAX: u64 = 1 << 47;

/// Moments of one client that are doubted.
#[derive(Debug)]
pub struct Refutation<'a> {
    /// The moments.
    pub moments: &'a Moments,
}

impl Refutation<'_> {
    /// The squares and products of columns and target, row by row, the last with the largest square that
    /// the target can have.
    fn rows(&self) -> impl Iterator<Item = Vec<i64>> {
        let most = i64::from(self.moments.rows()) << MOMENT_MAX_BITS;
        let last = self.moments.products().iter().copied().chain([most]);
        let rows = triangle::rows(self.moments.squares()).map(<[i64]>::to_vec);
        rows.take(self.moments.shape().weights() as usize)
            .chain([last.collect()])
    }

    /// Whether the quadratic form is negative at a vector whose entries are at most
    /// [`REFUTATION_MAX`].
    fn is_negative_at(&self, vector: &[i64]) -> bool {
        // 202 products of 2^60 and 2^47 stay below 2^115, and of these and 2^47 below 2^170.
        let (mut above, mut below) = (U256::zero(), U256::zero());
        for (place, row) in self.rows().enumerate() {
            let Some(own) = vector.get(place).copied() else {
                return false;
            };
            let sum = row.iter().zip(vector).enumerate();
            let sum = sum.fold(0i128, |sum, (column, (entry, other))| {
                let product = i128::from(*entry).wrapping_mul((*other).into());
                // Entries beside the diagonal count twice.
                let times = if column == place { 1 } else { 2 };
                sum.wrapping_add(product.wrapping_mul(times))
            });
            let size = U256::from(sum.unsigned_abs()).saturating_mul(own.unsigned_abs().into());
            let side = match (sum < 0) == (own < 0) {
                true => &mut above,
                false => &mut below,
            };
            *side = side.saturating_add(size);
        }
        below > above
    }
}

impl Verifier for Refutation<'_> {
    type Input = [u8];
    type Proof = ();
    type Error = Error;

    fn measure(&self, bytes: &[u8]) -> Result<(), Error> {
        let needed = self.moments.shape().refutation_bytes();
        match bytes.len() == needed as usize {
            true => Ok(()),
            false => Err(Error::Length { needed }),
        }
    }

    fn check(&self, bytes: &[u8]) -> Result<(), Error> {
        let words = bytes.as_chunks::<8>().0.iter();
        let vector: Vec<i64> = words.map(|bytes| i64::from_le_bytes(*bytes)).collect();
        let is_small = |entry: &i64| entry.unsigned_abs() <= REFUTATION_MAX;
        match vector.iter().all(is_small) && self.is_negative_at(&vector) {
            true => Ok(()),
            false => Err(Error::Refutation),
        }
    }
}

/// Canonical bytes of a vector that refutes moments; none when they cannot be told from those of rows, or
/// do no harm: `slack`, in units of 2^-24, is what the sum of all clients' matrices may lack.
#[cfg(feature = "std")]
pub fn refute(moments: &Moments, slack: f64) -> Option<Vec<u8>> {
    let refutation = Refutation { moments };
    let mut lower: Vec<Vec<f64>> = Vec::new();
    for mut row in refutation
        .rows()
        .map(|row| row.iter().map(|entry| *entry as f64).collect::<Vec<_>>())
    {
        let diagonal = row.pop()? + slack;
        let mut own: Vec<f64> = Vec::with_capacity(row.len());
        for (entry, other) in row.iter().zip(&lower) {
            own.push((entry - super::solver::dot(&own, other)) / other.last()?);
        }
        let square = diagonal - super::solver::dot(&own, &own);
        if square <= 0.0 {
            let vector = integers(&downhill(&lower, &own), moments.shape().weights() as usize);
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|entry| entry.to_le_bytes())
                .collect();
            return refutation.verify(&bytes).is_ok().then_some(bytes);
        }
        own.push(square.sqrt());
        lower.push(own);
    }
    None
}

/// Where the quadratic form takes the value that has no root: `-L'^-1 row`, then 1.
#[cfg(feature = "std")]
fn downhill(lower: &[Vec<f64>], row: &[f64]) -> Vec<f64> {
    let mut vector: Vec<f64> = row.iter().map(|entry| -entry).collect();
    for place in (0..vector.len()).rev() {
        let (before, after) = lower.split_at(place + 1);
        let column = after.iter().map(|row| row[place]);
        let sum: f64 = column.zip(&vector[place + 1..]).map(|(a, b)| a * b).sum();
        vector[place] = (vector[place] - sum) / before[place][place];
    }
    vector.push(1.0);
    vector
}

/// The vector as large as its entries may be, filled up with zeros to one more than the weights.
#[cfg(feature = "std")]
fn integers(vector: &[f64], weights: usize) -> Vec<i64> {
    let largest = vector
        .iter()
        .fold(0f64, |most, entry| most.max(entry.abs()));
    let scale = (REFUTATION_MAX / 2) as f64 / largest;
    let mut entries: Vec<i64> = vector.iter().map(|entry| (entry * scale) as i64).collect();
    entries.resize(weights.saturating_add(1), 0);
    entries
}
