//! Coordinate-wise trimmed mean (Yin et al., "Byzantine-Robust Distributed Learning", 2018).
//!
//! Drops the `trim` smallest and the `trim` largest values of each coordinate and takes the mean of
//! the rest, rounded half to even. With at most `trim` bad clients of `2 trim + 1` or more, what is
//! left lies between values of honest ones.

use super::order::{Row, TILE, mean};

/// The means of sorted rows without their ends; zero when nothing is left.
pub(super) fn of(sorted: &[Row], trim: usize) -> Row {
    let end = sorted.len().saturating_sub(trim);
    sorted.get(trim..end).map_or([0; TILE], mean)
}
