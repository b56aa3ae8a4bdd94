//! What the rest of the node is told of the comparison with its peers.

use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between the strategy and finality.
#[derive(Default)]
pub struct Progress {
    comparing: AtomicBool,
    reorganising: AtomicBool,
}

impl Progress {
    /// Says what is under way.
    pub fn set(&self, comparing: bool, reorganising: bool) {
        self.comparing.store(comparing, Ordering::Relaxed);
        self.reorganising.store(reorganising, Ordering::Relaxed);
    }

    /// Whether nothing may become final now: peers have not been compared since the start, or a
    /// heavier chain is being fetched for which blocks must be taken back.
    pub fn forbids_finality(&self) -> bool {
        self.comparing.load(Ordering::Relaxed) || self.reorganising.load(Ordering::Relaxed)
    }
}
