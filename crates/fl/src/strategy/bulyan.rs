//! Bulyan (El Mhamdi et al., "The Hidden Vulnerability of Distributed Learning in Byzantium", 2018).
//!
//! Krum is applied again and again to what is left until `n - 2f` updates are chosen; then each
//! coordinate is the mean, rounded half to even, of the `n - 4f` chosen values nearest to their median,
//! of two equally near ones the smaller. With at most f bad clients of `4f + 3` or more, the median lies
//! between honest values, and of the values averaged each lies no further from it than some honest
//! one: each coordinate stays within the honest range, widened by its own length at either end. No bad
//! client can hide a large change of one coordinate in a small distance.

use alloc::{vec, vec::Vec};

use super::{
    krum::{neighbours, scores},
    order::Row,
};
use crate::{Distances, number};

/// Whether each update is chosen.
pub(super) fn choose(distances: &Distances, f: u32) -> Vec<bool> {
    let clients = distances.clients();
    let neighbours = neighbours(distances);
    let mut is_left = vec![true; clients];
    for _ in 0..clients.saturating_sub((f as usize).saturating_mul(2)) {
        let best = scores(&neighbours, &is_left, f).min();
        if let Some(is_left) = best.and_then(|(_, place)| is_left.get_mut(place)) {
            *is_left = false;
        }
    }
    is_left.iter().map(|is_left| !is_left).collect()
}

/// The means of the `keep` values nearest to the median of each lane of sorted rows.
pub(super) fn of(sorted: &[Row], keep: usize) -> Row {
    core::array::from_fn(|lane| {
        around_the_median(sorted.len(), keep, |place| {
            let value = sorted.get(place).and_then(|row| row.get(lane));
            value.map_or(0, |value| i64::from(*value))
        })
    })
}

/// The values nearest to the median lie side by side: of the two ends the further one goes, of two
/// equally far ones the larger.
fn around_the_median(count: usize, keep: usize, at: impl Fn(usize) -> i64) -> i32 {
    // Twice the median, so that it is a whole number.
    let twice = at(count.saturating_sub(1) / 2).wrapping_add(at(count / 2));
    let (mut first, mut last) = (0, count.saturating_sub(1));
    for _ in keep..count {
        // Within 35 bits.
        if at(first).wrapping_add(at(last)) >= twice {
            last = last.saturating_sub(1);
        } else {
            first = first.saturating_add(1);
        }
    }
    let sum = (first..=last).fold(0i64, |sum, place| sum.wrapping_add(at(place)));
    number::mean(sum, keep as u32)
}
