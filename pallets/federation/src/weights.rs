//! What the pallet's calls and steps weigh, as functions of lengths.

mod measured;

use frame_support::weights::Weight;

pub use measured::Measured;

/// Weights of calls, and of the parts that steps of the hook are made of.
///
/// A full chunk has `CHUNK_VALUES_MAX` values.
pub trait WeightInfo {
    /// `create` of a spec of so many bytes and a model of so many chunks, all zero.
    fn create(spec_bytes: u32, chunks: u32) -> Weight;
    /// Drawing so many chunks of a seeded model.
    fn seed(chunks: u32) -> Weight;
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
    /// `reveal` of moments of so many chunks, the last one of its federation.
    fn reveal_moments(chunks: u32) -> Weight;
    /// `certify` with the largest solution that leaves so many clients out.
    fn certify(left_out: u32) -> Weight;
    /// `refute` of the largest moments.
    fn refute() -> Weight;
    /// `reveal_holdout` of a part of so many chunks, the last one of all evaluators.
    fn reveal_holdout(chunks: u32) -> Weight;
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
    /// Measuring a model on a holdout by so many thousand operations.
    fn score(thousands: u32) -> Weight;
    /// Recording a round with so many accepted updates, and a largest judgement.
    fn record(clients: u32) -> Weight;
    /// Settling so many clients with so many staged chunks in all.
    fn settle(clients: u32, chunks: u32) -> Weight;
    /// Deleting so many chunks of a former model, its optimiser's memory and a trial.
    fn clear(chunks: u32) -> Weight;
    /// Dismissing so many members.
    fn dismiss(members: u32) -> Weight;
    /// Opening the next round, or ending the federation.
    fn proceed() -> Weight;
}
