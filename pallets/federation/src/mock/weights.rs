//! Weights of the mock runtime.

use frame_support::weights::Weight;

use crate::WeightInfo;

/// Weights that grow with lengths, for tests that count them.
pub struct Weights;

impl WeightInfo for Weights {
    fn create(spec_bytes: u32, chunks: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(spec_bytes + chunks), 0)
    }

    fn seed(chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(chunks), 0)
    }

    fn upload(chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(chunks), 0)
    }

    fn invite() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn join() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn leave() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn commit() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn reveal(chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(chunks), 0)
    }

    fn reveal_moments(chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(chunks), 0)
    }

    fn certify(left_out: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(left_out + 1), 0)
    }

    fn refute() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn reveal_holdout(chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(chunks), 0)
    }

    fn advance() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn cancel() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn remove(entries: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(entries), 0)
    }

    fn check() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn turn() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn open(clients: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(clients), 0)
    }

    fn fetch(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients + 1), 0)
    }

    fn clip(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients), 0)
    }

    fn measure(pairs: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(pairs), 0)
    }

    fn select() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn mean(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients), 0)
    }

    fn median(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients), 0)
    }

    fn trimmed_mean(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients), 0)
    }

    fn bulyan(clients: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients), 0)
    }

    fn optimise() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn keep() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn score(thousands: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(thousands), 0)
    }

    fn record(clients: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(clients), 0)
    }

    fn settle(clients: u32, chunks: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(clients) + u64::from(chunks), 0)
    }

    fn clear(chunks: u32) -> Weight {
        Weight::from_parts(1_000 + u64::from(chunks), 0)
    }

    fn dismiss(members: u32) -> Weight {
        Weight::from_parts(1_000 * u64::from(members), 0)
    }

    fn proceed() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
