//! What the pallet stores.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_commitment::Accepted;
use fedchain_fl::{
    Aggregation, H256, Shape,
    gate::Assessment,
    limits::{CERTIFIED_FEATURES_MAX, CHUNKS_MAX, CLIENTS_MAX, EVALUATORS_MAX},
    view::{Bound, Outcome, PhaseView},
    window::Deadline,
};
use scale_info::TypeInfo;

/// Number of a federation, counted from 0 on each chain.
pub type FederationId = u32;

/// Where a federation stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Phase {
    /// Fewer than `clients_min` members.
    Waiting,
    /// Commitments are taken.
    Commit {
        /// End of the window.
        deadline: Deadline,
    },
    /// Commits are closed; reveals are taken from block `opens_at` on.
    Reveal {
        /// First block that takes reveals: the settle window ends before it.
        opens_at: u32,
        /// End of the reveal window.
        deadline: Deadline,
    },
    /// The moments are there; a solution is waited for.
    Certify {
        /// End of the window; none in the rounds after the first, which only the owner closes.
        deadline: Option<Deadline>,
    },
    /// In the queue for aggregation.
    Aggregate {
        /// Whether clients had their time to reveal; if not, all bonds go back.
        reveals_taken: bool,
    },
    /// All rounds are done.
    Finished,
    /// The owner ended it.
    Cancelled,
    /// The owner uploads the initial model.
    Uploading {
        /// Chunks received.
        received: u32,
    },
    /// In the queue to dismiss its members: the owner cancelled it before a round.
    Closing,
    /// The new model is there; evaluators' holdouts are taken from block `opens_at` on.
    Gate {
        /// First block that takes holdouts: the settle window ends before it.
        opens_at: u32,
        /// End of the window.
        deadline: Deadline,
    },
}

impl Phase {
    /// Whether no round will follow.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }

    /// The phase as seen in block `now`: the settle window has a name of its own.
    pub const fn view(&self, now: u32) -> PhaseView {
        match *self {
            Self::Waiting => PhaseView::Waiting,
            Self::Commit { deadline } => PhaseView::Commit { deadline },
            Self::Reveal { opens_at, deadline } if now < opens_at => {
                PhaseView::Settle { opens_at, deadline }
            }
            Self::Reveal { opens_at, deadline } => PhaseView::Reveal { opens_at, deadline },
            Self::Certify { deadline } => PhaseView::Certify { deadline },
            Self::Aggregate { .. } | Self::Closing => PhaseView::Aggregate,
            Self::Finished => PhaseView::Finished,
            Self::Cancelled => PhaseView::Cancelled,
            Self::Uploading { received } => PhaseView::Uploading { received },
            Self::Gate { opens_at, deadline } => PhaseView::Gate { opens_at, deadline },
        }
    }
}

/// The current round's counters.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Round {
    /// Number, from 1; 0 before the first round.
    pub index: u32,
    /// Block that opened it.
    pub opened_at: u32,
    /// Members on its frozen roster.
    pub roster: u32,
    /// Commitments taken.
    pub committed: u32,
    /// Correct openings taken, accepted or beyond the norm bound.
    pub revealed: u32,
    /// Updates that count.
    pub accepted: u32,
}

/// A place for a federation's models: the newest stays whole while the next is written.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Slot {
    /// Place of the initial model.
    #[default]
    A,
    /// The other.
    B,
    /// Place of the models that a round would have made without one of its clients, one after the
    /// other.
    Trial,
}

impl Slot {
    /// The slot that the next model is written to while the newest is in this one.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B | Self::Trial => Self::A,
        }
    }
}

/// The part of a federation that changes.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Federation<AccountId, Balance> {
    /// Who created it and may invite and cancel.
    pub owner: AccountId,
    /// Hash of the task, part of every commitment.
    pub spec_hash: H256,
    /// Number of weights.
    pub param_count: u32,
    /// Block that created it.
    pub created_at: u32,
    /// Where it stands.
    pub phase: Phase,
    /// The current round.
    pub round: Round,
    /// Members.
    pub members: u32,
    /// Invitations not yet used.
    pub invited: u32,
    /// Evaluators.
    pub evaluators: u32,
    /// End it with this round.
    pub cancelling: bool,
    /// Root of the newest server model.
    pub model_root: H256,
    /// Where the newest server model is; the next one is written to the other slot.
    pub slot: Slot,
    /// Rest of the owner's escrow for rewards.
    pub escrow: Balance,
    /// The owner's deposit for the federation's bytes in state.
    pub state_deposit: Balance,
}

/// A client's membership.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Member<Balance> {
    /// First round whose roster has it.
    pub first_round: u32,
    /// Rounds missed in a row.
    pub missed: u32,
    /// Leaves at the end of the round.
    pub leaving: bool,
    /// Held join deposit.
    pub deposit: Balance,
}

/// What became of a commitment.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Answer {
    /// Not opened yet; the bond is held.
    Open,
    /// Opened correctly, but beyond the norm bound.
    Rejected,
    /// Opened and counted.
    Accepted {
        /// Sample count, as stated.
        sample_count: u32,
        /// Root of the update's values.
        values_root: H256,
    },
}

/// A commitment of the current round.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Commitment<Balance> {
    /// The hash.
    pub hash: H256,
    /// The bond, held while the answer is open.
    pub bond: Balance,
    /// What became of it.
    pub answer: Answer,
    /// Chunks of the update received, in order from the first.
    pub received: u32,
    /// Squared distance of these to the base model, where a norm rule needs it; `2^-2frac_bits`.
    pub squared_norm: u128,
}

/// An evaluator's commitment to a holdout.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Pledge<Balance> {
    /// The hash.
    pub hash: H256,
    /// The bond, held until the holdout is there.
    pub bond: Balance,
    /// Chunks received, in order from the first.
    pub received: u32,
    /// Root of the values, once all of them are there.
    pub root: Option<H256>,
}

/// Clients that a certificate may leave out, at most.
pub const LEFT_OUT_MAX: u32 = 16;
/// Weights of a certified model, at most.
const WEIGHTS_MAX: u32 = CERTIFIED_FEATURES_MAX + 1;
/// Bytes of the moments of one client, or of their sum, at most.
pub const MOMENT_BYTES_MAX: u32 = match Shape::new(CERTIFIED_FEATURES_MAX) {
    Ok(largest) => largest.moment_bytes(),
    Err(_) => 0,
};

/// The sum of the moments of all clients whose updates count.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MomentSum {
    /// Rows of all of them.
    pub rows: u32,
    /// Canonical bytes.
    pub values: BoundedVec<u8, ConstU32<MOMENT_BYTES_MAX>>,
}

/// What is kept of a certificate beside the model itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Certificate<AccountId> {
    /// What was proven.
    pub bound: Bound,
    /// Rows of all clients in it.
    pub rows: u32,
    /// The solution, 2^-32.
    pub weights: BoundedVec<i64, ConstU32<WEIGHTS_MAX>>,
    /// Clients that were left out, in ascending order.
    pub left_out: BoundedVec<AccountId, ConstU32<LEFT_OUT_MAX>>,
    /// Clients that had committed and did not reveal.
    pub withheld: BoundedVec<AccountId, ConstU32<CLIENTS_MAX>>,
}

/// The end of a round in progress, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Job<AccountId> {
    /// Clients on the round's roster, in ascending order.
    pub roster: BoundedVec<AccountId, ConstU32<CLIENTS_MAX>>,
    /// Those whose updates count, in the same order.
    pub accepted: BoundedVec<Accepted<AccountId>, ConstU32<CLIENTS_MAX>>,
    /// Hashes of the new server model's chunks made so far.
    pub leaves: BoundedVec<H256, ConstU32<CHUNKS_MAX>>,
    /// What holdouts say of the new server model; none before evaluators had their time.
    pub judgement: Option<Judgement<AccountId>>,
    /// What is next.
    pub stage: Stage,
}

/// The judgement of a round's model in progress.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Judgement<AccountId> {
    /// Who has revealed, and the roots of the holdouts, in ascending order of accounts; none when too
    /// few have.
    pub holdouts: BoundedVec<(AccountId, H256), ConstU32<EVALUATORS_MAX>>,
    /// What was measured so far.
    pub assessment: Assessment,
}

/// What a job does next.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage {
    /// Measure or combine the updates' next chunk.
    Combine(Aggregation),
    /// Ask the evaluators for their holdouts, if enough are bonded.
    Gate,
    /// Begin the judgement with the holdouts that are there.
    Gather,
    /// Measure a model on a holdout.
    Score,
    /// Begin the model that the round would have made without the next client.
    Omit,
    /// Combine the next chunk of it.
    Trial(Aggregation),
    /// Record how the round ended.
    Record(Outcome),
    /// Settle bonds, rewards and memberships from place `next` of the roster on.
    Settle {
        /// How the round ended.
        outcome: Outcome,
        /// Place of the next client.
        next: u32,
    },
    /// Delete the former server model from chunk `next` on.
    Clear {
        /// Index of the next chunk.
        next: u32,
    },
    /// Settle the holdouts of this round, one by one; all that are left when no round will follow.
    Retire,
    /// Dismiss all members, for no round will follow.
    Dismiss,
    /// Open the next round, wait for members, or end.
    Proceed,
}

/// Ends of the queue of federations due for aggregation.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct QueueEnds {
    /// Place of the next to leave.
    pub head: u64,
    /// Place of the next to enter.
    pub tail: u64,
}
