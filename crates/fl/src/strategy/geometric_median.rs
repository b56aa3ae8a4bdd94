//! Geometric median by smoothed Weiszfeld steps (Pillutla et al., "Robust Aggregation for Federated
//! Learning", 2022).
//!
//! The point z with the smallest sum of distances to the updates. Every iterate is a mean of the
//! updates, with weights w that sum to one, so its distances follow from those between the updates:
//!
//! `|z - x_j|^2 = sum_i w_i D_ij - 1/2 sum_ik w_i w_k D_ik`
//!
//! and [`STEPS`] steps `w_j = 1 / |z - x_j|`, normalised, cost nothing but integers per pair. Weights
//! have 30 fractional bits and round down, and what is missing to one is added to the largest; a
//! distance below one unit counts as one. A far update weighs little, but times a far value: so
//! updates are limited to what distances see before they are averaged.
//!
//! The first point is the mean of the smallest ball around an update that holds a majority; of equal
//! ones that with the smaller sum of squared distances, then that of the smaller account. A majority
//! shares an update with the honest majority, and the ball of an honest update is no wider than they
//! lie apart: however far bad clients go, the steps start among the honest updates, and need not be so
//! many that they lead there from far away. Tests find the sum of distances after them within a
//! fortieth of the smallest. Withstands any minority of bad clients.

use alloc::{vec, vec::Vec};

use super::krum::neighbours;
use crate::Distances;

/// Steps, a rule of the protocol.
const STEPS: u32 = 16;
/// Fractional bits of weights.
const BITS: u32 = 30;

/// The weights of the updates in the geometric median; they sum to 2^30.
pub(super) fn weights(distances: &Distances) -> Vec<u32> {
    let places = 0..distances.clients();
    let squares: Vec<Vec<u128>> = places
        .clone()
        .map(|a| places.clone().map(|b| distances.between(a, b)).collect())
        .collect();
    let mut weights = start(distances);
    for _ in 0..STEPS {
        weights = step(&squares, &weights);
    }
    weights
}

/// Equal weights for the smallest ball's majority.
fn start(distances: &Distances) -> Vec<u32> {
    let clients = distances.clients();
    let mut weights = vec![0; clients];
    let mut neighbours = neighbours(distances);
    for (place, others) in neighbours.iter_mut().enumerate() {
        others.truncate(clients / 2);
        others.insert(0, (0, place));
    }
    // Each row now holds a majority, the furthest last.
    let smallest = neighbours.iter().min_by_key(|ball| {
        let squares = ball.iter().map(|(square, _)| *square);
        (
            squares.clone().next_back(),
            squares.fold(0, u128::saturating_add),
        )
    });
    for (_, place) in smallest.into_iter().flatten() {
        if let Some(weight) = weights.get_mut(*place) {
            *weight = (1u32 << BITS) / (clients as u32 / 2 + 1);
        }
    }
    whole(weights)
}

/// One step, from the squared distances of all pairs.
fn step(squares: &[Vec<u128>], weights: &[u32]) -> Vec<u32> {
    // Squared distances are below 2^75 and weights sum to 2^30.
    let weighted = |values: &[u128]| {
        let products = values
            .iter()
            .zip(weights)
            .map(|(value, weight)| value.wrapping_mul((*weight).into()));
        products.fold(0, u128::wrapping_add) >> BITS
    };
    let to_each: Vec<u128> = squares.iter().map(|row| weighted(row)).collect();
    let half_spread = weighted(&to_each) / 2;
    let inverses: Vec<u128> = to_each
        .iter()
        .map(|square| {
            let distance = square.saturating_sub(half_spread).isqrt().max(1);
            (1u128 << 60).checked_div(distance).unwrap_or(0)
        })
        .collect();
    let total = inverses.iter().fold(0u128, |sum, x| sum.saturating_add(*x));
    let shares = inverses.iter().map(|inverse| {
        let share = (inverse << BITS).checked_div(total).unwrap_or(0);
        u32::try_from(share).unwrap_or(0)
    });
    whole(shares.collect())
}

/// Makes the weights sum to one: what rounding took goes to the largest.
fn whole(mut weights: Vec<u32>) -> Vec<u32> {
    let sum = weights
        .iter()
        .fold(0u32, |sum, weight| sum.saturating_add(*weight));
    if let Some(largest) = weights.iter_mut().rev().max_by_key(|weight| **weight) {
        *largest = largest.saturating_add((1u32 << BITS).saturating_sub(sum));
    }
    weights
}
