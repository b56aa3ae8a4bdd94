//! Coordinate-wise trimmed mean (Yin et al., "Byzantine-Robust Distributed Learning", 2018).
//!
//! Drops the `trim` smallest and the `trim` largest values of each coordinate and takes the mean of
//! the rest, rounded half to even. With at most `trim` bad clients of `2 trim + 1` or more, what is
//! left lies between values of honest ones.

use core::ops::Range;

/// The ranks that are averaged.
pub(super) fn ranks(clients: usize, trim: usize) -> Range<usize> {
    trim..clients.saturating_sub(trim)
}
