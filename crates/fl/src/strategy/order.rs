//! Walks over the coordinates of many updates, tile by tile.
//!
//! Values of one coordinate lie a whole update apart in memory. A tile of some coordinates is
//! transposed into a small buffer first, so that each update is read in runs that fit the cache.

use alloc::{vec, vec::Vec};

/// Coordinates per tile: one cache line of `i32`.
const TILE: usize = 16;

/// Applies `rule` to the values of each coordinate; `rule` may reorder them.
pub(super) fn by_coordinate(
    updates: &[(&[i32], u32)],
    rule: impl Fn(&mut [i32]) -> i32,
) -> Vec<i32> {
    let param_count = updates.first().map_or(0, |(values, _)| values.len());
    let clients = updates.len();
    let mut model = Vec::with_capacity(param_count);
    let mut columns = vec![0; clients.saturating_mul(TILE)];
    for start in (0..param_count).step_by(TILE) {
        let width = param_count.saturating_sub(start).min(TILE);
        for (row, (values, _)) in updates.iter().enumerate() {
            let run = values.get(start..).unwrap_or_default();
            for (column, value) in columns.chunks_exact_mut(clients.max(1)).zip(run) {
                if let Some(cell) = column.get_mut(row) {
                    *cell = *value;
                }
            }
        }
        model.extend(
            columns
                .chunks_exact_mut(clients.max(1))
                .take(width)
                .map(&rule),
        );
    }
    model
}
