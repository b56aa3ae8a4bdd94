//! Bulyan (El Mhamdi et al., "The Hidden Vulnerability of Distributed Learning in Byzantium", 2018).
//!
//! Krum is applied again and again to what is left until `n - 2f` updates are chosen; then each
//! coordinate is the mean, rounded half to even, of the `n - 4f` chosen values nearest to their median,
//! of two equally near ones the smaller. With at most f bad clients of `4f + 3` or more, each coordinate
//! stays within what honest clients sent: no bad client can hide a large change of one coordinate in
//! a small distance.

use alloc::{vec, vec::Vec};

use super::{
    krum::scores,
    order::{Divisor, Row, TILE},
};
use crate::Distances;

/// Whether each update is chosen.
pub(super) fn choose(distances: &Distances, f: u32) -> Vec<bool> {
    let clients = distances.clients();
    let mut chosen = vec![false; clients];
    let mut left: Vec<usize> = (0..clients).collect();
    for _ in 0..clients.saturating_sub((f as usize).saturating_mul(2)) {
        let Some((_, best)) = scores(distances, &left, f).min() else {
            break;
        };
        left.retain(|place| *place != best);
        if let Some(is_chosen) = chosen.get_mut(best) {
            *is_chosen = true;
        }
    }
    chosen
}

/// The means of the `keep` values nearest to the median of each lane of sorted rows.
pub(super) fn of(sorted: &[Row], keep: usize) -> Row {
    let mut lane = 0usize;
    [(); TILE].map(|()| {
        let column: Vec<i64> = sorted
            .iter()
            .filter_map(|row| row.get(lane).copied().map(i64::from))
            .collect();
        lane = lane.saturating_add(1);
        around_the_median(&column, keep)
    })
}

fn around_the_median(sorted: &[i64], keep: usize) -> i32 {
    let middle = |place: usize| sorted.get(place).copied().unwrap_or(0);
    let lower = middle(sorted.len().saturating_sub(1) / 2);
    // Twice the median, so that it is a whole number.
    let twice = lower.saturating_add(middle(sorted.len() / 2));
    let mut rest = sorted;
    while rest.len() > keep {
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else {
            break;
        };
        let below = twice.saturating_sub(first.saturating_mul(2));
        let above = last.saturating_mul(2).saturating_sub(twice);
        let shorter = match above >= below {
            true => rest.split_last().map(|(_, rest)| rest),
            false => rest.split_first().map(|(_, rest)| rest),
        };
        rest = shorter.unwrap_or_default();
    }
    let sum = rest.iter().fold(0i64, |sum, value| sum.saturating_add(*value));
    Divisor::new(rest.len() as i64).map_or(0, |divisor| divisor.divide(sum))
}
