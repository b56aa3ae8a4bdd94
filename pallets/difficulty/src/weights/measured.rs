//! Measured weights, written by `cargo xtask weights`.
//!
//! 2026-11-24, in Wasm on AMD EPYC; 20 values per component, 10 runs or more
//! each. Times are in picoseconds. Proofs are not weighed: nobody ships proofs of blocks.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

use super::WeightInfo;

/// Measured time, and accesses to storage at the price of the runtime's `DbWeight`.
pub struct Measured<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Measured<T> {
    fn on_initialize() -> Weight {
        Weight::from_parts(5_110_000, 0).saturating_add(T::DbWeight::get().reads_writes(1, 0))
    }

    fn on_finalize() -> Weight {
        Weight::from_parts(57_326_000, 0).saturating_add(T::DbWeight::get().reads_writes(5, 2))
    }
}
