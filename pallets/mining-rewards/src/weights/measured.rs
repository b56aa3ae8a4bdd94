//! Measured weights, written by `cargo xtask weights`.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

use super::WeightInfo;

/// Measured time, and accesses to storage at the price of the runtime's `DbWeight`.
pub struct Measured<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Measured<T> {
    fn on_initialize() -> Weight {
        T::DbWeight::get().reads_writes(3, 2)
    }
}
