//! Coordinate-wise mean without the smallest and largest values, rounded half to even.

use crate::number::div_round_half_even;

/// The mean of `column`, which is reordered, without its `trim` smallest and `trim` largest
/// values; zero when nothing is left.
pub(super) fn of(column: &mut [i32], trim: usize) -> i32 {
    let Some(kept) = column
        .len()
        .checked_sub(trim.saturating_mul(2))
        .filter(|kept| *kept > 0)
    else {
        return 0;
    };
    let mut rest = column;
    if trim > 0 {
        let (_, _, above) = rest.select_nth_unstable(trim.saturating_sub(1));
        rest = above;
        let (inner, _, _) = rest.select_nth_unstable(kept);
        rest = inner;
    }
    let sum = rest
        .iter()
        .fold(0i64, |sum, value| sum.saturating_add((*value).into()));
    i64::try_from(kept)
        .ok()
        .and_then(|kept| div_round_half_even(sum, kept))
        .and_then(|mean| i32::try_from(mean).ok())
        .unwrap_or(0)
}
