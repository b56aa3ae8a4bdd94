//! Coordinate-wise median; of an even number of values, the mean of the middle two, half to even.

use crate::number::div_round_half_even;

/// The median of `column`, which is reordered; zero of an empty one.
pub(super) fn of(column: &mut [i32]) -> i32 {
    let middle = column.len() / 2;
    if middle >= column.len() {
        return 0;
    }
    let even = column.len().is_multiple_of(2);
    let (below, upper, _) = column.select_nth_unstable(middle);
    if !even {
        return *upper;
    }
    let lower = below.iter().max().copied().unwrap_or(*upper);
    let sum = i64::from(lower).saturating_add((*upper).into());
    div_round_half_even(sum, 2)
        .and_then(|mean| i32::try_from(mean).ok())
        .unwrap_or(*upper)
}
