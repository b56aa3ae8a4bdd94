//! Sorting the values of each coordinate, sixteen coordinates at a time.
//!
//! A tile holds one row per update: filling it copies runs of memory. Up to [`NETWORK_MAX`] updates the
//! rows are sorted by Batcher's odd-even merge exchange ("Sorting networks and their applications",
//! 1968): every step takes the smaller and larger of two rows lane by lane, without branches. With
//! more updates, where the network's n log^2 n steps outgrow it, each lane is sorted by its values'
//! bytes, from the lowest to the highest. Both do the same steps whatever the values: nobody can send
//! updates that take longer than others, as they could with a selection by pivots.

use alloc::{vec, vec::Vec};

use crate::number;

/// Coordinates per tile: one cache line of `i32`.
pub(super) const TILE: usize = 16;
/// Updates up to which the network is faster.
const NETWORK_MAX: usize = 256;
/// Orders `i32` like `u32`.
const SIGN: u32 = 1 << 31;

/// One update's values in a tile.
pub(super) type Row = [i32; TILE];

/// Applies `rule` to the rows of each tile, sorted so that every lane ascends.
pub(super) fn by_coordinate(updates: &[&[i32]], rule: impl Fn(&[Row]) -> Row) -> Vec<i32> {
    let param_count = updates.first().map_or(0, |values| values.len());
    let network = match updates.len() {
        clients if clients <= NETWORK_MAX => Some(network(clients)),
        _ => None,
    };
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
        match &network {
            Some(network) => sort_rows(&mut rows, network),
            None => sort_lanes(&mut rows),
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

/// Sorts lane by lane.
fn sort_lanes(rows: &mut [Row]) {
    let mut keys = vec![0; rows.len()];
    let mut spare = keys.clone();
    for lane in 0..TILE {
        for (key, row) in keys.iter_mut().zip(rows.iter()) {
            *key = row
                .get(lane)
                .map_or(0, |value| value.cast_unsigned() ^ SIGN);
        }
        sort_keys(&mut keys, &mut spare);
        for (row, key) in rows.iter_mut().zip(&keys) {
            if let Some(value) = row.get_mut(lane) {
                *value = (key ^ SIGN).cast_signed();
            }
        }
    }
}

/// Sorts by the lowest byte first; each pass keeps the order of the former among equal bytes.
fn sort_keys(keys: &mut [u32], spare: &mut [u32]) {
    // Of each byte, where the next key with that value belongs.
    let mut places = [[0u32; 256]; 4];
    for key in keys.iter() {
        for (counts, byte) in places.iter_mut().zip(key.to_le_bytes()) {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count = count.wrapping_add(1);
            }
        }
    }
    for counts in &mut places {
        let mut sum = 0u32;
        for count in counts {
            (*count, sum) = (sum, sum.wrapping_add(*count));
        }
    }
    let (mut from, mut to) = (keys, spare);
    for (shift, places) in [0, 8, 16, 24].into_iter().zip(&mut places) {
        for key in from.iter() {
            let byte = (key >> shift) as u8;
            if let Some(place) = places.get_mut(usize::from(byte)) {
                if let Some(cell) = to.get_mut(*place as usize) {
                    *cell = *key;
                }
                *place = place.wrapping_add(1);
            }
        }
        core::mem::swap(&mut from, &mut to);
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
                sort_rows(&mut rows, &network);
                assert!(rows.is_sorted_by(|a, b| a.iter().zip(b).all(|(a, b)| a <= b)));
            }
        }
        for count in 0..=12 {
            let network = network(count);
            for pattern in 0..1u32 << count {
                let mut rows: Vec<Row> = (0..count)
                    .map(|place| [(pattern >> place & 1) as i32; TILE])
                    .collect();
                sort_rows(&mut rows, &network);
                assert!(rows.is_sorted(), "{count} rows, pattern {pattern:b}");
            }
        }
    }

    #[test]
    fn sorting_by_bytes_sorts() {
        for count in [1, 2, 300, 1_024] {
            let mut rows: Vec<Row> = (0..count)
                .map(|place: u32| {
                    core::array::from_fn(|lane| match lane {
                        0 => place.cast_signed(),
                        1 => -place.cast_signed(),
                        2 => i32::MIN.wrapping_add((place % 3).cast_signed()),
                        _ => (place + 1).wrapping_mul(0x9e37_79b1).cast_signed() >> lane,
                    })
                })
                .collect();
            let mut lanes = [(); TILE].map(|()| Vec::new());
            for row in &rows {
                lanes
                    .iter_mut()
                    .zip(row)
                    .for_each(|(lane, value)| lane.push(*value));
            }
            sort_lanes(&mut rows);
            for (place, lane) in lanes.iter_mut().enumerate() {
                lane.sort();
                assert!(
                    rows.iter().map(|row| &row[place]).eq(lane.iter()),
                    "lane {place} of {count}"
                );
            }
        }
    }
}
