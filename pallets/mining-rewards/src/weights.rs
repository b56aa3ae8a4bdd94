//! What the hook weighs.

mod measured;

use frame_support::weights::Weight;

pub use measured::Measured;

/// Weight of the hook.
pub trait WeightInfo {
    /// Minting to an author whose account is new.
    fn on_initialize() -> Weight;
}
