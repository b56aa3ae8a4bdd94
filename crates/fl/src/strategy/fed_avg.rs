//! FedAvg: the mean weighted by sample counts, as a sum that can grow update by update.
//!
//! `sum(count_k * w_k) / sum(count_k)`, rounded half to even. With the caps of
//! [`crate::limits`] the sums stay below 2^61.

use alloc::{vec, vec::Vec};

use crate::{Error, number::div_round_half_even};

/// Adds `count * values` to the sums, coordinate by coordinate.
///
/// # Errors
/// [`Error::Overflow`] when a sum leaves `i64`; the sums are then unusable.
pub fn fold(sums: &mut [i64], values: &[i32], count: u32) -> Result<(), Error> {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = i64::from(*value)
            .checked_mul(count.into())
            .and_then(|product| sum.checked_add(product))
            .ok_or(Error::Overflow)?;
    }
    Ok(())
}

/// The means of the folded sums.
///
/// # Errors
/// [`Error::Overflow`] when `count_total` is zero or a mean leaves `i32`.
pub fn finish(sums: &[i64], count_total: u64) -> Result<Vec<i32>, Error> {
    let total = i64::try_from(count_total).map_err(|_| Error::Overflow)?;
    sums.iter()
        .map(|sum| {
            div_round_half_even(*sum, total)
                .and_then(|mean| i32::try_from(mean).ok())
                .ok_or(Error::Overflow)
        })
        .collect()
}

pub(super) fn aggregate(updates: &[(&[i32], u32)]) -> Result<Vec<i32>, Error> {
    let param_count = updates.first().map_or(0, |(values, _)| values.len());
    let mut sums = vec![0; param_count];
    let mut total = 0u64;
    for (values, count) in updates {
        fold(&mut sums, values, *count)?;
        total = total.saturating_add((*count).into());
    }
    finish(&sums, total)
}
