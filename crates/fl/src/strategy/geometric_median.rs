//! Geometric median by smoothed Weiszfeld steps (Pillutla et al., "Robust Aggregation for Federated
//! Learning", 2022).
//!
//! The point z with the smallest sum of distances to the updates. Every iterate is a mean of the
//! updates, with weights w that sum to one, so its distances follow from those between the updates:
//!
//! `|z - x_j|^2 = sum_i w_i D_ij - 1/2 sum_ik w_i w_k D_ik`
//!
//! and [`STEPS`] steps `w_j = 1 / |z - x_j|`, normalised, cost nothing but integers per pair. Weights
//! have 30 fractional bits and round down; a distance below one unit counts as one. Withstands any
//! minority of bad clients. Weiszfeld's method converges linearly: tests compare the sum of distances
//! after this many steps with the smallest and find it within a fiftieth.

use alloc::{vec, vec::Vec};

use crate::Distances;

/// Steps, a rule of the protocol.
const STEPS: u32 = 16;
/// Fractional bits of weights.
const BITS: u32 = 30;

/// The weights of the updates in the geometric median; they sum to at most 2^30.
pub(super) fn weights(distances: &Distances) -> Vec<u32> {
    let clients = distances.clients();
    let even = (1u32 << BITS).checked_div(clients as u32).unwrap_or(0);
    let mut weights = vec![even; clients];
    for _ in 0..STEPS {
        weights = step(distances, &weights);
    }
    weights
}

fn step(distances: &Distances, weights: &[u32]) -> Vec<u32> {
    // Squared distances are below 2^75, so weighted sums fit.
    let weighted = |values: &mut dyn Iterator<Item = u128>| {
        let products = values.zip(weights).map(|(v, w)| v.saturating_mul((*w).into()));
        products.fold(0u128, u128::saturating_add) >> BITS
    };
    let to_each: Vec<u128> = (0..weights.len())
        .map(|j| weighted(&mut (0..weights.len()).map(|i| distances.between(i, j))))
        .collect();
    let half_spread = weighted(&mut to_each.iter().copied()) / 2;
    let inverses: Vec<u128> = to_each
        .iter()
        .map(|square| {
            let distance = square.saturating_sub(half_spread).isqrt().max(1);
            (1u128 << 60).checked_div(distance).unwrap_or(0)
        })
        .collect();
    let total = inverses.iter().fold(0u128, |sum, x| sum.saturating_add(*x));
    inverses
        .iter()
        .map(|inverse| {
            let weight = (inverse << BITS).checked_div(total).unwrap_or(0);
            u32::try_from(weight).unwrap_or(0)
        })
        .collect()
}
