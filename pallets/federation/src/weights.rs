//! What the pallet's calls and steps weigh, as functions of lengths.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_NANOS},
};

/// Weights of calls, and of the parts that steps of the hook are made of.
///
/// A full chunk has `CHUNK_VALUES_MAX` values.
pub trait WeightInfo {
    /// `create` of a spec of so many bytes and a model of so many chunks.
    fn create(spec_bytes: u32, chunks: u32) -> Weight;
    /// `upload` of a part of so many chunks.
    fn upload(chunks: u32) -> Weight;
    /// `invite`.
    fn invite() -> Weight;
    /// `join`, opening a round.
    fn join() -> Weight;
    /// `leave`.
    fn leave() -> Weight;
    /// `commit`, closing commits.
    fn commit() -> Weight;
    /// `reveal` of a part of so many chunks, the last one, with a norm rule.
    fn reveal(chunks: u32) -> Weight;
    /// `advance`.
    fn advance() -> Weight;
    /// `cancel`.
    fn cancel() -> Weight;
    /// `remove` with so many entries in maps.
    fn remove(entries: u32) -> Weight;
    /// Check of one call by the transaction extension.
    fn check() -> Weight;
    /// A turn of the queue, without its step: federation, spec and largest job read and written.
    fn turn() -> Weight;
    /// Opening the job of a round with so many members.
    fn open(clients: u32) -> Weight;
    /// Fetching one full chunk of so many updates and of the base model.
    fn fetch(clients: u32) -> Weight;
    /// Clipping one full chunk of so many updates.
    fn clip(clients: u32) -> Weight;
    /// Measuring so many pairs of updates over one full chunk.
    fn measure(pairs: u32) -> Weight;
    /// Selecting updates by their distances, at the most clients.
    fn select() -> Weight;
    /// Weighted mean of so many updates over one full chunk.
    fn mean(clients: u32) -> Weight;
    /// Median, likewise.
    fn median(clients: u32) -> Weight;
    /// Trimmed mean, likewise.
    fn trimmed_mean(clients: u32) -> Weight;
    /// Bulyan's mean around the median, likewise.
    fn bulyan(clients: u32) -> Weight;
    /// Server optimiser with its memory over one full chunk.
    fn optimise() -> Weight;
    /// Keeping one full chunk of the new model.
    fn keep() -> Weight;
    /// Recording a round with so many accepted updates.
    fn record(clients: u32) -> Weight;
    /// Settling one client with so many staged chunks.
    fn settle(chunks: u32) -> Weight;
    /// Deleting so many chunks of a former model.
    fn clear(chunks: u32) -> Weight;
    /// Dismissing one member.
    fn dismiss() -> Weight;
    /// Opening the next round, or ending the federation.
    fn proceed() -> Weight;
}

/// Estimates, priced by the runtime's `DbWeight`.
pub struct Estimated<T>(PhantomData<T>);

impl<T: frame_system::Config> Estimated<T> {
    fn cost(micros: u64, reads: u32, writes: u32) -> Weight {
        Weight::from_parts(
            micros
                .saturating_mul(1_000)
                .saturating_mul(WEIGHT_REF_TIME_PER_NANOS),
            0,
        )
        .saturating_add(T::DbWeight::get().reads_writes(reads.into(), writes.into()))
    }
}

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn create(_: u32, chunks: u32) -> Weight {
        Self::cost(60 + 100 * u64::from(chunks), 4, 5 + chunks)
    }

    fn upload(chunks: u32) -> Weight {
        Self::cost(60 + 100 * u64::from(chunks), 3, 1 + chunks)
    }

    fn invite() -> Weight {
        Self::cost(60, 4, 2)
    }

    fn join() -> Weight {
        Self::cost(60, 6, 5)
    }

    fn leave() -> Weight {
        Self::cost(60, 5, 4)
    }

    fn commit() -> Weight {
        Self::cost(60, 6, 4)
    }

    fn reveal(chunks: u32) -> Weight {
        Self::cost(60 + 150 * u64::from(chunks), 6 + chunks, 4 + chunks)
    }

    fn advance() -> Weight {
        Self::cost(60, 3, 3)
    }

    fn cancel() -> Weight {
        Self::cost(60, 3, 3)
    }

    fn remove(entries: u32) -> Weight {
        Self::cost(60, 3, 4 + entries)
    }

    fn check() -> Weight {
        Self::cost(10, 3, 0)
    }

    fn turn() -> Weight {
        Self::cost(100, 4, 4)
    }

    fn open(clients: u32) -> Weight {
        Self::cost(60 + u64::from(clients), 2 * clients, 1)
    }

    fn fetch(clients: u32) -> Weight {
        Self::cost(20 + 10 * u64::from(clients), 1 + clients, 0)
    }

    fn clip(clients: u32) -> Weight {
        Self::cost(24 * u64::from(clients), 0, 0)
    }

    fn measure(pairs: u32) -> Weight {
        Self::cost(1 + 8 * u64::from(pairs), 0, 0)
    }

    fn select() -> Weight {
        Self::cost(10_000, 0, 0)
    }

    fn mean(clients: u32) -> Weight {
        Self::cost(16 * u64::from(clients), 0, 0)
    }

    fn median(clients: u32) -> Weight {
        Self::cost(200 * u64::from(clients), 0, 0)
    }

    fn trimmed_mean(clients: u32) -> Weight {
        Self::cost(240 * u64::from(clients), 0, 0)
    }

    fn bulyan(clients: u32) -> Weight {
        Self::cost(640 * u64::from(clients), 0, 0)
    }

    fn optimise() -> Weight {
        Self::cost(1_000, 1, 1)
    }

    fn keep() -> Weight {
        Self::cost(100, 0, 1)
    }

    fn record(clients: u32) -> Weight {
        Self::cost(60 + 2 * u64::from(clients), 2, 2)
    }

    fn settle(chunks: u32) -> Weight {
        Self::cost(60, 5, 6 + chunks)
    }

    fn clear(chunks: u32) -> Weight {
        Self::cost(10, 0, chunks)
    }

    fn dismiss() -> Weight {
        Self::cost(60, 3, 3)
    }

    fn proceed() -> Weight {
        Self::cost(60, 1, 2)
    }
}
