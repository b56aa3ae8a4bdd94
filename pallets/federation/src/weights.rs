//! Weights of calls and hooks: upper estimates, linear in lengths.
//!
//! Storage accesses are counted from the code and priced by the runtime's `DbWeight`; compute is a
//! multiple of the Wasm times in docs/benchmarks.md. Rewriting a model costs no more than hashing,
//! decoding and folding it, so bytes have one price.

use core::marker::PhantomData;
use fedchain_fl::limits::{CHUNK_BYTES, CLIENTS_MAX, ROUNDS_MAX, UPDATE_BYTES_MAX};
use frame_support::{
    traits::Get,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_MICROS},
};

/// Weights of calls and hooks.
pub trait WeightInfo {
    /// `create` of a spec of so many bytes and a model of so many bytes.
    fn create(spec_bytes: u32, model_bytes: u32) -> Weight;
    /// `invite`.
    fn invite() -> Weight;
    /// `join`.
    fn join() -> Weight;
    /// `leave`.
    fn leave() -> Weight;
    /// `commit`.
    fn commit() -> Weight;
    /// `reveal` of an update of so many bytes, with its part of the aggregation.
    fn reveal(update_bytes: u32) -> Weight;
    /// `advance`.
    fn advance() -> Weight;
    /// `cancel`, without the members.
    fn cancel() -> Weight;
    /// `remove`, at the most rounds.
    fn remove() -> Weight;
    /// Check of one call by the transaction extension.
    fn check() -> Weight;
    /// End of a round of so many clients and parameters.
    fn close(clients: u32, params: u32) -> Weight;
}

/// Weights priced by the runtime's `DbWeight`.
pub struct Estimated<T>(PhantomData<T>);

/// Nanoseconds of compute per byte of an update: hashing, decoding, comparing, folding.
const NANOS_PER_BYTE: u64 = 20;
/// Nanoseconds of compute per client and parameter of an aggregation.
const NANOS_PER_VALUE: u64 = 60;
/// Microseconds of compute of any call.
const CALL_MICROS: u64 = 60;

impl<T: frame_system::Config> Estimated<T> {
    fn call(reads: u64, writes: u64) -> Weight {
        Self::nanos(CALL_MICROS.saturating_mul(1_000))
            .saturating_add(T::DbWeight::get().reads_writes(reads, writes))
    }

    fn nanos(nanos: u64) -> Weight {
        Weight::from_parts(nanos.saturating_mul(WEIGHT_REF_TIME_PER_MICROS / 1_000), 0)
    }

    fn bytes(bytes: u32) -> Weight {
        let chunks = bytes.div_ceil(CHUNK_BYTES).into();
        Self::nanos(NANOS_PER_BYTE.saturating_mul(bytes.into()))
            .saturating_add(T::DbWeight::get().reads_writes(chunks, chunks))
    }
}

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn create(spec_bytes: u32, model_bytes: u32) -> Weight {
        Self::call(3, 5).saturating_add(Self::bytes(spec_bytes.saturating_add(model_bytes)))
    }

    fn invite() -> Weight {
        Self::call(4, 2)
    }

    fn join() -> Weight {
        Self::call(6, 5)
    }

    fn leave() -> Weight {
        Self::call(5, 4)
    }

    fn commit() -> Weight {
        Self::call(6, 4)
    }

    fn reveal(update_bytes: u32) -> Weight {
        let values = Self::nanos(NANOS_PER_VALUE.saturating_mul((update_bytes / 2).into()));
        Self::call(7, 5)
            .saturating_add(Self::bytes(update_bytes).saturating_mul(3))
            .saturating_add(values)
    }

    fn advance() -> Weight {
        Self::call(3, 3)
    }

    fn cancel() -> Weight {
        Self::call(3, 2)
    }

    fn remove() -> Weight {
        let entries = ROUNDS_MAX
            .saturating_add(CLIENTS_MAX)
            .saturating_add(UPDATE_BYTES_MAX / CHUNK_BYTES);
        Self::call(3, 4).saturating_add(T::DbWeight::get().writes(entries.into()))
    }

    fn check() -> Weight {
        Self::nanos(10_000).saturating_add(T::DbWeight::get().reads(3))
    }

    fn close(clients: u32, params: u32) -> Weight {
        let values = u64::from(clients).saturating_mul(params.into());
        let chunks = u64::from(params.saturating_mul(4).div_ceil(CHUNK_BYTES));
        let per_client =
            Self::call(4, 5).saturating_add(T::DbWeight::get().reads_writes(chunks, chunks));
        Self::call(6, 6)
            .saturating_add(per_client.saturating_mul(clients.into()))
            .saturating_add(Self::nanos(NANOS_PER_VALUE.saturating_mul(values)))
            .saturating_add(Self::bytes(params.saturating_mul(4)).saturating_mul(2))
    }
}
