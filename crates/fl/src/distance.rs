//! Pairwise squared distances of updates, for the strategies that compare them.
//!
//! Distances are taken on (update - base model), rounded down to at most 16 fractional bits and
//! limited to 2^25 - 1 units: exact for every difference below 512 at up to 16 fractional bits. It
//! is a rule of the protocol, made so that the products of one chunk, at most 2^13 values, fit an
//! `i64`; who is further away in a coordinate is far in any case.
//!
//! `|a - b|^2 = |a|^2 + |b|^2 - 2ab` needs one multiplication per pair and value. Products are taken
//! for two by two updates at once: each value loaded is used twice, and all sums fit in registers.

use alloc::vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Format,
    limits::{DISTANCE_CLIENTS_MAX, PAIRS_MAX},
};

/// Largest difference, in units.
const LIMIT: i64 = (1 << 25) - 1;
/// Fractional bits that differences are rounded to.
const FRAC_BITS: u8 = 16;
/// Updates per side of a block.
const SIDE: usize = 2;
/// Values per pass, so that the rows of a block stay in the nearest cache.
const TILE: usize = 512;

/// One update's differences in a tile.
type Row = [i64; TILE];

/// Inner products of all pairs of updates, which grow chunk by chunk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Distances {
    clients: u32,
    /// Row by row of the lower triangle, the diagonal included.
    products: BoundedVec<i128, ConstU32<PAIRS_MAX>>,
}

impl Distances {
    /// No distances yet, of at most [`DISTANCE_CLIENTS_MAX`] updates.
    pub fn new(clients: u32) -> Self {
        let clients = clients.min(DISTANCE_CLIENTS_MAX);
        let pairs = clients.saturating_mul(clients.saturating_add(1)) / 2;
        Self {
            clients,
            products: BoundedVec::truncate_from(vec![0; pairs as usize]),
        }
    }

    /// Number of updates.
    pub fn clients(&self) -> usize {
        self.clients as usize
    }

    /// Adds one chunk of the updates; `base` is that of the base model.
    pub fn add(&mut self, format: Format, base: &[i32], updates: &[impl AsRef<[i32]>]) {
        let shift = shift(format);
        let mut tile = vec![[[0; TILE]; SIDE]; updates.len().div_ceil(SIDE)];
        for start in (0..base.len()).step_by(TILE) {
            let base = base.get(start..).unwrap_or_default();
            for (row, update) in tile.as_flattened_mut().iter_mut().zip(updates) {
                let update = update.as_ref().get(start..).unwrap_or_default();
                differences(row, shift, base, update);
            }
            self.add_tile(&tile);
        }
    }

    fn add_tile(&mut self, tile: &[[Row; SIDE]]) {
        for (band, rows) in tile.iter().enumerate() {
            for (stripe, columns) in tile.iter().take(band.saturating_add(1)).enumerate() {
                let block = products(rows, columns);
                for (row, line) in (band * SIDE..).zip(block) {
                    for (column, product) in (stripe * SIDE..=row).zip(line) {
                        // Rows beyond the last update have no sums.
                        if let Some(sum) = self.products.get_mut(index(row, column)) {
                            *sum = sum.saturating_add(product.into());
                        }
                    }
                }
            }
        }
    }

    /// The squared distance of two updates.
    pub fn between(&self, a: usize, b: usize) -> u128 {
        let product = |a: usize, b: usize| {
            let place = index(a.max(b), a.min(b));
            self.products.get(place).copied().unwrap_or(0)
        };
        let squared = product(a, a)
            .saturating_add(product(b, b))
            .saturating_sub(product(a, b).saturating_mul(2));
        u128::try_from(squared).unwrap_or(0)
    }
}

/// Place of a pair in the lower triangle.
fn index(row: usize, column: usize) -> usize {
    (row.saturating_mul(row.saturating_add(1)) / 2).saturating_add(column)
}

/// Limits an update to what distances see of it.
pub(crate) fn limit(format: Format, base: &[i32], update: &mut [i32]) {
    let limit = LIMIT << shift(format);
    for (value, base) in update.iter_mut().zip(base) {
        let difference = i64::from(*value).wrapping_sub((*base).into());
        // No further from the base than before.
        *value = difference.clamp(-limit, limit).wrapping_add((*base).into()) as i32;
    }
}

/// Fractional bits that distances do not see.
fn shift(format: Format) -> u8 {
    format.frac_bits.saturating_sub(FRAC_BITS)
}

/// Fills a row with differences; beyond the last value they are zero.
fn differences(row: &mut Row, shift: u8, base: &[i32], update: &[i32]) {
    let (values, rest) = row.split_at_mut(TILE.min(base.len()));
    for ((difference, value), base) in values.iter_mut().zip(update).zip(base) {
        let exact = i64::from(*value).wrapping_sub((*base).into());
        *difference = (exact >> shift).clamp(-LIMIT, LIMIT);
    }
    rest.fill(0);
}

/// Inner products of two rows with two columns; sums stay below 2^63 by the limits above.
fn products([a, b]: &[Row; SIDE], [c, d]: &[Row; SIDE]) -> [[i64; SIDE]; SIDE] {
    let [mut ac, mut ad, mut bc, mut bd] = [0i64; SIDE * SIDE];
    for ((a, b), (c, d)) in a.iter().zip(b).zip(c.iter().zip(d)) {
        ac = ac.wrapping_add(a.wrapping_mul(*c));
        ad = ad.wrapping_add(a.wrapping_mul(*d));
        bc = bc.wrapping_add(b.wrapping_mul(*c));
        bd = bd.wrapping_add(b.wrapping_mul(*d));
    }
    [[ac, ad], [bc, bd]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Width;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The definition, pair by pair.
    fn plain(frac_bits: u8, base: &[i32], a: &[i32], b: &[i32]) -> u128 {
        let unit = 1i128 << frac_bits.saturating_sub(16);
        let limited = |value: i32, base: i32| {
            let difference = (i128::from(value) - i128::from(base)).div_euclid(unit);
            difference.clamp(-33_554_431, 33_554_431)
        };
        let squares = a.iter().zip(b).zip(base).map(|((a, b), base)| {
            let distance = limited(*a, *base) - limited(*b, *base);
            (distance * distance).unsigned_abs()
        });
        squares.sum()
    }

    fn value() -> impl Strategy<Value = i32> {
        prop_oneof![Just(i32::MIN), Just(i32::MAX), -9..9i32, any::<i32>()]
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_definition(
            (base, updates, cut) in (1usize..1_200, 1usize..6).prop_flat_map(|(params, clients)| {
                let values = || prop::collection::vec(value(), params);
                (values(), prop::collection::vec(values(), clients), 0..=params)
            }),
            frac_bits in 0u8..=30,
        ) {
            let format = Format { frac_bits, width: Width::I32 };
            let mut distances = Distances::new(updates.len() as u32);
            for range in [0..cut, cut..base.len()] {
                let part: Vec<&[i32]> = updates.iter().map(|u| &u[range.clone()]).collect();
                distances.add(format, &base[range], &part);
            }
            for (i, a) in updates.iter().enumerate() {
                for (j, b) in updates.iter().enumerate() {
                    let expected = plain(frac_bits, &base, a, b);
                    prop_assert_eq!(distances.between(i, j), expected, "{} and {}", i, j);
                }
            }
        }
    }

    #[test]
    fn the_largest_distances_of_a_full_chunk_fit() {
        let values = Format::default().chunk_values() as usize * 2;
        let updates = vec![vec![i32::MIN; values], vec![i32::MAX; values]];
        let mut distances = Distances::new(2);
        for _ in 0..512 {
            distances.add(Format::default(), &vec![0; values], &updates);
        }
        let each = (2 * LIMIT).unsigned_abs();
        let expected = u128::from(each) * u128::from(each) * 512 * values as u128;
        assert_eq!(distances.between(0, 1), expected);
    }
}
