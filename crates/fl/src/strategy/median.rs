//! Coordinate-wise median (Yin et al., "Byzantine-Robust Distributed Learning", 2018).
//!
//! Withstands any minority of bad clients: the median lies between values of honest ones. Of an even
//! number of values it is the mean of the middle two, rounded half to even.

use core::ops::Range;

/// The ranks that are averaged.
pub(super) fn ranks(clients: usize) -> Range<usize> {
    let upper = clients / 2;
    clients.saturating_sub(1) / 2..upper.saturating_add(1)
}
