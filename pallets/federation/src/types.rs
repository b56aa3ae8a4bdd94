//! What the pallet stores.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_commitment::Accepted;
use fedchain_fl::{
    Aggregation, H256, Shape,
    limits::{CERTIFIED_FEATURES_MAX, CHUNKS_MAX, CLIENTS_MAX},
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

/// One of two places for a federation's models: the newest stays whole while the next is written.
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
}

impl Slot {
    /// The other slot.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
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
    /// What is next.
    pub stage: Stage,
}

/// What a job does next.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage {
    /// Measure or combine the updates' next chunk.
    Combine(Aggregation),
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
