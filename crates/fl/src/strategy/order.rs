//! Sorting the values of each coordinate, sixteen coordinates at a time.
//!
//! A tile holds one row per update, so filling it copies runs of memory. Rows are sorted by Batcher's
//! odd-even merge exchange ("Sorting networks and their applications", 1968): every step takes the
//! smaller and larger of two rows lane by lane, without branches. Above [`NETWORK_MAX`] updates, where
//! the network's n log^2 n steps outgrow it, each column is sorted on its own.

use alloc::{vec, vec::Vec};

/// Coordinates per tile: one cache line of `i32`.
pub(super) const TILE: usize = 16;
/// Updates up to which the network is used.
const NETWORK_MAX: usize = 256;

/// One update's values in a tile.
pub(super) type Row = [i32; TILE];

/// Applies `rule` to the rows of each tile, sorted so that every lane ascends.
pub(super) fn by_coordinate(updates: &[&[i32]], rule: impl Fn(&[Row]) -> Row) -> Vec<i32> {
    let param_count = updates.first().map_or(0, |values| values.len());
    let network = match updates.len() {
        clients if clients <= NETWORK_MAX => network(clients),
        _ => Vec::new(),
    };
    let mut model = Vec::with_capacity(param_count);
    let mut rows = vec![[0; TILE]; updates.len()];
    for start in (0..param_count).step_by(TILE) {
        let width = param_count.saturating_sub(start).min(TILE);
        for (row, values) in rows.iter_mut().zip(updates) {
            let run = values.get(start..).unwrap_or_default();
            match run.first_chunk::<TILE>() {
                Some(full) => *row = *full,
                None => row.iter_mut().zip(run).for_each(|(cell, value)| *cell = *value),
            }
        }
        if network.is_empty() {
            sort_columns(&mut rows);
        } else {
            sort_rows(&mut rows, &network);
        }
        model.extend(rule(&rows).iter().take(width));
    }
    model
}

/// Compares and exchanges row by row, as the network says.
fn sort_rows(rows: &mut [Row], network: &[[usize; 2]]) {
    for pair in network {
        if let Ok([low, high]) = rows.get_disjoint_mut(*pair) {
            for (low, high) in low.iter_mut().zip(high) {
                let (smaller, larger) = ((*low).min(*high), (*low).max(*high));
                (*low, *high) = (smaller, larger);
            }
        }
    }
}

fn sort_columns(rows: &mut [Row]) {
    let mut column = vec![0; rows.len()];
    for lane in 0..TILE {
        for (cell, row) in column.iter_mut().zip(rows.iter()) {
            *cell = row.get(lane).copied().unwrap_or(0);
        }
        column.sort_unstable();
        for (row, value) in rows.iter_mut().zip(&column) {
            if let Some(cell) = row.get_mut(lane) {
                *cell = *value;
            }
        }
    }
}

/// The pairs of places that the network for `count` rows compares, in order.
fn network(count: usize) -> Vec<[usize; 2]> {
    let mut pairs = Vec::new();
    let mut span = 1;
    while span < count {
        let mut step = span;
        while step > 0 {
            for first in (step % span..count.saturating_sub(step)).step_by(2 * step) {
                for low in first..(first + step).min(count - step) {
                    if low / (2 * span) == (low + step) / (2 * span) {
                        pairs.push([low, low + step]);
                    }
                }
            }
            step /= 2;
        }
        span *= 2;
    }
    pairs
}

/// Division by one positive number, rounded half to even.
#[derive(Clone, Copy)]
pub(super) struct Divisor(i64);

impl Divisor {
    pub(super) fn new(divisor: i64) -> Option<Self> {
        (divisor > 0).then_some(Self(divisor))
    }

    /// The quotient, which the caller knows to fit an `i32`.
    pub(super) fn divide(self, sum: i64) -> i32 {
        crate::number::div_round_half_even(sum, self.0).unwrap_or(0) as i32
    }
}

/// The mean of some rows, lane by lane; zero of none.
pub(super) fn mean(rows: &[Row]) -> Row {
    let mut sums = [0i64; TILE];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add((*value).into());
        }
    }
    match Divisor::new(rows.len() as i64) {
        Some(divisor) => sums.map(|sum| divisor.divide(sum)),
        None => [0; TILE],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_sorting_agree_with_each_other_and_sort() {
        for count in [1, 2, 3, 7, 20, 33, 100, 255, 256, 300] {
            let rows: Vec<Row> = (0..count)
                .map(|row| core::array::from_fn(|lane| ((row * 7_919 + lane * 104_729) % 97) as i32 - 48))
                .collect();
            let (mut by_network, mut by_column) = (rows.clone(), rows);
            sort_rows(&mut by_network, &network(count));
            sort_columns(&mut by_column);
            assert_eq!(by_network, by_column, "{count} rows");
            assert!(by_column.is_sorted_by(|a, b| a.iter().zip(b).all(|(a, b)| a <= b)));
        }
    }
}
