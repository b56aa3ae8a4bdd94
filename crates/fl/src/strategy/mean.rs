//! Mean weighted per update: FedAvg's by sample counts (McMahan et al., "Communication-Efficient
//! Learning of Deep Networks from Decentralized Data", 2017), and that of chosen updates.
//!
//! `sum(weight_k * w_k) / sum(weight_k)`, rounded half to even. With 2^10 clients of weights up to
//! 2^20, or weights that sum to 2^30, the sums stay below 2^61. FedAvg bounds no bad client.

use alloc::{vec, vec::Vec};

use crate::{Error, number};

/// Coordinates per step, so that a step finds its place in memory once.
const RUN: usize = 4;
/// Updates per pass over the sums.
const GROUP: usize = 4;

/// Values and weight of an update.
type Weighted<'a> = (&'a [i32], i64);

/// The weighted mean, coordinate by coordinate.
///
/// # Errors
/// [`Error::Overflow`] when the weights sum to zero.
pub(super) fn of(updates: &[&[i32]], weights: &[u32]) -> Result<Vec<i32>, Error> {
    let weighted: Vec<Weighted> = updates
        .iter()
        .zip(weights)
        .filter(|(_, weight)| **weight > 0)
        .map(|(values, weight)| (*values, i64::from(*weight)))
        .collect();
    let total = weights
        .iter()
        .fold(0u32, |sum, weight| sum.saturating_add(*weight));
    if total == 0 {
        return Err(Error::Overflow);
    }
    if let [(values, _)] = weighted.as_slice() {
        return Ok(values.to_vec());
    }
    let mut sums = vec![0i64; updates.first().map_or(0, |values| values.len())];
    for group in weighted.chunks(GROUP) {
        // What is missing in the last group adds nothing.
        let at = |place| group.get(place).copied();
        let first = at(0).unwrap_or_default();
        let others = [1, 2, 3].map(|place| at(place).unwrap_or((first.0, 0)));
        add(&mut sums, first, others);
    }
    Ok(sums
        .into_iter()
        .map(|sum| number::mean(sum, total))
        .collect())
}

fn add(sums: &mut [i64], (a, wa): Weighted, [(b, wb), (c, wc), (d, wd)]: [Weighted; GROUP - 1]) {
    let weights = [wa, wb, wc, wd];
    let (sum_runs, sum_rest) = sums.as_chunks_mut::<RUN>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] =
        [a, b, c, d].map(|values| values.as_chunks::<RUN>());
    let runs = a.iter().zip(b).zip(c.iter().zip(d));
    for (sums, ((a, b), (c, d))) in sum_runs.iter_mut().zip(runs) {
        add_run(sums, [a, b, c, d], weights);
    }
    add_run(sum_rest, [a_rest, b_rest, c_rest, d_rest], weights);
}

#[inline(always)]
fn add_run(sums: &mut [i64], [a, b, c, d]: [&[i32]; GROUP], [wa, wb, wc, wd]: [i64; GROUP]) {
    let values = a.iter().zip(b).zip(c.iter().zip(d));
    for (sum, ((a, b), (c, d))) in sums.iter_mut().zip(values) {
        let ab = product(*a, wa).wrapping_add(product(*b, wb));
        let cd = product(*c, wc).wrapping_add(product(*d, wd));
        *sum = sum.wrapping_add(ab).wrapping_add(cd);
    }
}

fn product(value: i32, weight: i64) -> i64 {
    i64::from(value).wrapping_mul(weight)
}
