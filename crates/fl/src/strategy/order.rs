//! Order statistics of each coordinate.
//!
//! Coordinates are taken sixteen at a time, as a tile with one row per update: filling it copies runs
//! of memory. Up to [`NETWORK_MAX`] updates the rows are sorted by Batcher's odd-even merge exchange
//! ("Sorting networks and their applications", 1968): every step takes the smaller and larger of two
//! rows lane by lane, without branches and whatever the values. With more updates, where the
//! network's n log^2 n steps outgrow it, each lane is partitioned by Hoare's selection.

use alloc::{vec, vec::Vec};
use core::ops::Range;

use crate::number;

/// Coordinates per tile: one cache line of `i32`.
pub(super) const TILE: usize = 16;
/// Updates up to which the network is faster.
const NETWORK_MAX: usize = 128;

/// One update's values in a tile.
pub(super) type Row = [i32; TILE];

/// The mean of the values at these ranks of each coordinate, from rank 0, the smallest.
pub(super) fn mean_of_ranks(updates: &[&[i32]], ranks: Range<usize>) -> Vec<i32> {
    if updates.len() <= NETWORK_MAX {
        return by_sorted_rows(updates, |rows| {
            rows.get(ranks.clone()).map_or([0; TILE], mean)
        });
    }
    let mut column = vec![0; updates.len()];
    by_tile(updates, |rows| {
        core::array::from_fn(|lane| {
            let values = rows.iter().filter_map(|row| row.get(lane));
            column
                .iter_mut()
                .zip(values)
                .for_each(|(cell, value)| *cell = *value);
            let sum = select(&mut column, &ranks)
                .iter()
                .fold(0i64, |sum, value| sum.wrapping_add((*value).into()));
            number::mean(sum, ranks.len() as u32)
        })
    })
}

/// Applies `rule` to the rows of each tile, sorted so that every lane ascends.
pub(super) fn by_sorted_rows(updates: &[&[i32]], rule: impl Fn(&[Row]) -> Row) -> Vec<i32> {
    let network = network(updates.len());
    by_tile(updates, |rows| {
        sort(rows, &network);
        rule(rows)
    })
}

/// Applies `rule` to the rows of each tile.
fn by_tile(updates: &[&[i32]], mut rule: impl FnMut(&mut [Row]) -> Row) -> Vec<i32> {
    let param_count = updates.first().map_or(0, |values| values.len());
    let mut model = Vec::with_capacity(param_count);
    let mut rows = vec![[0; TILE]; updates.len()];
    for start in (0..param_count).step_by(TILE) {
        let width = param_count.saturating_sub(start).min(TILE);
        for (row, values) in rows.iter_mut().zip(updates) {
            let run = values.get(start..).unwrap_or_default();
            match run.first_chunk::<TILE>() {
                Some(full) => *row = *full,
                None => row
                    .iter_mut()
                    .zip(run)
                    .for_each(|(cell, value)| *cell = *value),
            }
        }
        model.extend(rule(&mut rows).iter().take(width));
    }
    model
}

/// Compares and exchanges row by row, as the network says.
fn sort(rows: &mut [Row], network: &[[usize; 2]]) {
    for pair in network {
        if let Ok([low, high]) = rows.get_disjoint_mut(*pair) {
            for (low, high) in low.iter_mut().zip(high) {
                let (smaller, larger) = ((*low).min(*high), (*low).max(*high));
                (*low, *high) = (smaller, larger);
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

/// The values at these ranks, in no order; `column` is reordered.
fn select<'a>(column: &'a mut [i32], ranks: &Range<usize>) -> &'a [i32] {
    let mut rest = column;
    if let Some(last_below) = ranks.start.checked_sub(1)
        && last_below < rest.len()
    {
        (_, _, rest) = rest.select_nth_unstable(last_below);
    }
    if ranks.len() < rest.len() {
        (rest, _, _) = rest.select_nth_unstable(ranks.len());
    }
    rest
}

/// The mean of some rows, lane by lane; zero of none.
fn mean(rows: &[Row]) -> Row {
    let mut sums = [0i64; TILE];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add((*value).into());
        }
    }
    sums.map(|sum| number::mean(sum, rows.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_sorts() {
        // By the 0-1 principle a network sorts everything if it sorts all zeros and ones; here
        // every lane has another pattern of them.
        for count in 1..=NETWORK_MAX {
            let network = network(count);
            for ones in 0..=count {
                let mut rows: Vec<Row> = (0..count)
                    .map(|place| {
                        core::array::from_fn(|lane| {
                            let turned = (place * (2 * lane + 1)) % count;
                            i32::from(turned < ones)
                        })
                    })
                    .collect();
                sort(&mut rows, &network);
                assert!(rows.is_sorted_by(|a, b| a.iter().zip(b).all(|(a, b)| a <= b)));
            }
        }
        for count in 0..=12 {
            let network = network(count);
            for pattern in 0..1u32 << count {
                let mut rows: Vec<Row> = (0..count)
                    .map(|place| [(pattern >> place & 1) as i32; TILE])
                    .collect();
                sort(&mut rows, &network);
                assert!(rows.is_sorted(), "{count} rows, pattern {pattern:b}");
            }
        }
    }
}
