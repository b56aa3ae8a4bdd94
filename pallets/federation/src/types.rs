//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_fl::{H256, view::PhaseView, window::Deadline};
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
    /// In the queue for aggregation.
    Aggregate {
        /// Whether clients had their time to reveal; if not, all bonds go back.
        reveals_taken: bool,
    },
    /// All rounds are done.
    Finished,
    /// The owner ended it.
    Cancelled,
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
            Self::Aggregate { .. } => PhaseView::Aggregate,
            Self::Finished => PhaseView::Finished,
            Self::Cancelled => PhaseView::Cancelled,
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
    /// Sum of the effective sample counts of accepted updates.
    pub samples: u64,
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
