//! What a round's updates are on the way, and what the replay makes of them.

use fedchain_commitment::Accepted;
use fedchain_fl::{
    H256, Privacy,
    gate::GateRecord,
    view::{Bound, Outcome},
};
use fedchain_verifier::optimality::Moments;

use crate::chain::AccountId;

/// What the replay makes of a round.
pub(super) struct Made {
    pub(super) outcome: Outcome,
    /// The new server model; none when it stays as it is.
    pub(super) model: Option<Vec<i32>>,
    pub(super) updates: Vec<Accepted<[u8; 32]>>,
    pub(super) bound: Option<Bound>,
    pub(super) judgement: Option<GateRecord<AccountId>>,
}

impl Made {
    /// A round without a model.
    pub(super) fn skipped(updates: Vec<Accepted<[u8; 32]>>) -> Self {
        Self {
            outcome: Outcome::Skipped,
            model: None,
            updates,
            bound: None,
            judgement: None,
        }
    }
}

/// What is recorded of updates that count.
pub(super) fn accepted(updates: Vec<Counted>) -> Vec<Accepted<[u8; 32]>> {
    updates.into_iter().map(|update| update.accepted).collect()
}

/// The parts of an update so far.
#[derive(Default)]
pub(super) struct Received {
    pub(super) chunks: u32,
    pub(super) values: Vec<i32>,
    pub(super) moments: Option<Moments>,
    pub(super) privacy: Option<Privacy>,
    /// Sample count, its weight and the values root.
    pub(super) opened: Option<(u32, u32, H256)>,
}

/// An update that counts.
pub(super) struct Counted {
    pub(super) accepted: Accepted<[u8; 32]>,
    pub(super) values: Vec<i32>,
    pub(super) weight: u32,
    pub(super) privacy: Option<Privacy>,
    pub(super) moments: Option<Moments>,
}
