//! What the hooks weigh.

mod measured;

use frame_support::weights::Weight;

pub use measured::Measured;

/// Weights of the hooks.
pub trait WeightInfo {
    /// Check of the header's claim.
    fn on_initialize() -> Weight;
    /// Retargeting by a full window.
    fn on_finalize() -> Weight;
}
