//! Krum and Multi-Krum (Blanchard et al., "Machine Learning with Adversaries", 2017).
//!
//! An update's score is the sum of its squared distances to its `n - f - 2` nearest others; Krum takes
//! the update with the smallest score, Multi-Krum the mean of the `keep` with the smallest, rounded
//! half to even. Of equal scores the smaller account's wins. Where Krum is repeated on what is left, at
//! least one neighbour counts.
//!
//! With at most f bad clients of `2f + 3` or more, whoever is taken has an honest client among its
//! `n - f - 2` nearest: it lies no further from an honest update than honest ones lie from each other,
//! times the root of `n - f - 2`.

use alloc::{vec, vec::Vec};

use super::plan::ones;
use crate::Distances;

/// The other updates, nearest first: squared distance and place.
pub(super) type Others = Vec<(u128, usize)>;

/// One for each of the `keep` updates with the smallest scores, zero for the others.
pub(super) fn weights(distances: &Distances, f: u32, keep: u32) -> Vec<u32> {
    let clients = distances.clients();
    let mut ranked: Vec<_> = scores(&neighbours(distances), &vec![true; clients], f).collect();
    ranked.sort_unstable();
    let best = ranked.iter().map(|(_, place)| *place);
    ones(clients, best.take(keep as usize))
}

/// Of each update the others.
pub(super) fn neighbours(distances: &Distances) -> Vec<Others> {
    let others = |place: usize| {
        let mut others: Others = (0..distances.clients())
            .filter(|other| *other != place)
            .map(|other| (distances.between(place, other), other))
            .collect();
        others.sort_unstable();
        others
    };
    (0..distances.clients()).map(others).collect()
}

/// Score and place of each update that is left, among those.
pub(super) fn scores(
    neighbours: &[Others],
    is_left: &[bool],
    f: u32,
) -> impl Iterator<Item = (u128, usize)> {
    let left = is_left.iter().filter(|is_left| **is_left).count();
    let nearest = left.saturating_sub(f as usize).saturating_sub(2).max(1);
    let candidates = neighbours.iter().zip(is_left).enumerate();
    candidates
        .filter(|(_, (_, is_left))| **is_left)
        .map(move |(place, (others, _))| {
            let squares = others
                .iter()
                .filter(|(_, other)| is_left.get(*other) == Some(&true))
                .map(|(square, _)| *square);
            (squares.take(nearest).fold(0, u128::saturating_add), place)
        })
}
