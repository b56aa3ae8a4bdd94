//! Coordinate-wise median (Yin et al., "Byzantine-Robust Distributed Learning", 2018).
//!
//! Withstands any minority of bad clients: the median lies between values of honest ones. Of an even
//! number of values it is the mean of the middle two, rounded half to even.

use super::order::{Row, TILE, mean};

/// The medians of sorted rows.
pub(super) fn of(sorted: &[Row]) -> Row {
    let upper = sorted.len() / 2;
    let lower = sorted.len().saturating_sub(1) / 2;
    sorted.get(lower..=upper).map_or([0; TILE], mean)
}
