//! Mean weighted per update: FedAvg's by sample counts, and that of chosen updates.
//!
//! `sum(weight_k * w_k) / sum(weight_k)`, rounded half to even, which is FedAvg of McMahan et al.
//! (2017). With 2^10 clients of weights up to 2^20, or weights that sum to 2^30, the sums stay below
//! 2^61.

use alloc::{vec, vec::Vec};

use super::order::Divisor;
use crate::Error;

/// Updates added up in one pass.
const WIDTH: usize = 4;

/// The weighted mean, coordinate by coordinate.
///
/// # Errors
/// [`Error::Overflow`] when the weights sum to zero.
pub(super) fn of(updates: &[Vec<i32>], weights: &[u32]) -> Result<Vec<i32>, Error> {
    let weighted: Vec<(&[i32], i64)> = updates
        .iter()
        .zip(weights)
        .filter(|(_, weight)| **weight > 0)
        .map(|(values, weight)| (values.as_slice(), i64::from(*weight)))
        .collect();
    let total = weighted
        .iter()
        .fold(0i64, |sum, (_, weight)| sum.saturating_add(*weight));
    let divisor = Divisor::new(total).ok_or(Error::Overflow)?;
    let mut sums = vec![0i64; updates.first().map_or(0, Vec::len)];
    for group in weighted.chunks(WIDTH) {
        match group {
            [(a, wa), (b, wb), (c, wc), (d, wd)] => {
                let values = a.iter().zip(*b).zip(c.iter().zip(*d));
                for (sum, ((a, b), (c, d))) in sums.iter_mut().zip(values) {
                    let ab = product(*a, *wa).wrapping_add(product(*b, *wb));
                    let cd = product(*c, *wc).wrapping_add(product(*d, *wd));
                    *sum = sum.wrapping_add(ab).wrapping_add(cd);
                }
            }
            rest => {
                for (values, weight) in rest {
                    for (sum, value) in sums.iter_mut().zip(*values) {
                        *sum = sum.wrapping_add(product(*value, *weight));
                    }
                }
            }
        }
    }
    Ok(sums.into_iter().map(|sum| divisor.divide(sum)).collect())
}

fn product(value: i32, weight: i64) -> i64 {
    i64::from(value).wrapping_mul(weight)
}
