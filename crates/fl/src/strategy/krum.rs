//! Krum and Multi-Krum (Blanchard et al., "Machine Learning with Adversaries", 2017).
//!
//! An update's score is the sum of its squared distances to its `n - f - 2` nearest others; Krum takes
//! the update with the smallest score, Multi-Krum the mean of the `keep` with the smallest. With at
//! most f bad clients of `2f + 3` or more, the choice stays near the honest updates.

use alloc::vec::Vec;

use super::plan::ones;
use crate::Distances;

/// One for each of the `keep` updates with the smallest scores, zero for the others.
pub(super) fn weights(distances: &Distances, f: u32, keep: u32) -> Vec<u32> {
    let clients = distances.clients();
    let everyone: Vec<usize> = (0..clients).collect();
    let mut ranked: Vec<_> = scores(distances, &everyone, f).collect();
    ranked.sort_unstable();
    let best = ranked.iter().map(|(_, place)| *place);
    ones(clients, best.take(keep as usize))
}

/// Score and place of each of the `candidates`, among each other.
pub(super) fn scores<'a>(
    distances: &'a Distances,
    candidates: &'a [usize],
    f: u32,
) -> impl Iterator<Item = (u128, usize)> + 'a {
    let neighbours = candidates.len().saturating_sub(f as usize).saturating_sub(2);
    candidates.iter().map(move |place| {
        let others = candidates.iter().filter(|other| *other != place);
        let mut squares: Vec<u128> = others
            .map(|other| distances.between(*place, *other))
            .collect();
        squares.sort_unstable();
        let score = squares
            .iter()
            .take(neighbours)
            .fold(0u128, |sum, square| sum.saturating_add(*square));
        (score, *place)
    })
}
