//! What the pallet stores.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_commitment::Accepted;
use fedchain_fl::{
    Aggregation, H256, Shape, Turnout,
    gate::Assessment,
    limits::{CERTIFIED_FEATURES_MAX, CHUNKS_MAX, CLIENTS_MAX, EVALUATORS_MAX, LEFT_OUT_MAX},
    view::{Bound, Outcome, PhaseView},
    window::{Tick, Window},
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
        /// How long.
        window: Window,
    },
    /// Commits are closed; reveals are taken from block `opens_at` on.
    Reveal {
        /// First block that takes reveals: the settle window ends before it.
        opens_at: u32,
        /// How long, the settle window included.
        window: Window,
    },
    /// The moments are there: first they can be refuted, then a solution is waited for.
    Certify {
        /// The time to refute moments, before solutions are taken; none in the rounds after the first.
        pause: Option<Window>,
        /// How long, the pause included; without end in the rounds after the first, which only the owner
        /// closes.
        window: Option<Window>,
    },
    /// In the queue for aggregation.
    Aggregate {
        /// How its windows went.
        ending: Ending,
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
        /// How long, the settle window included.
        window: Window,
    },
}

/// How a round's windows went.
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
pub enum Ending {
    /// Too few committed to begin with: nobody was asked to reveal.
    Unasked,
    /// Clients had their time to reveal: who did not loses its bond.
    Asked,
    /// Blocks had too little room for answers for too long: no model is made, and only who was `late` before,
    /// when reveals had closed already, loses its bond.
    Crowded {
        /// Whether reveals had closed.
        late: bool,
    },
}

impl Phase {
    /// Whether no round will follow.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }

    /// The window that is open, if any.
    pub const fn window(&self) -> Option<Window> {
        match *self {
            Self::Commit { window } | Self::Reveal { window, .. } | Self::Gate { window, .. } => {
                Some(window)
            }
            Self::Certify { window, .. } => window,
            _ => None,
        }
    }

    /// The phase as seen before the block `next`: the settle window has a name of its own.
    pub fn view(&self, next: Tick) -> PhaseView {
        let now = next.block.saturating_sub(1);
        let deadline = |window: Window| window.deadline(next);
        match *self {
            Self::Waiting => PhaseView::Waiting,
            Self::Commit { window } => PhaseView::Commit {
                deadline: deadline(window),
            },
            Self::Reveal { opens_at, window } if now < opens_at => PhaseView::Settle {
                opens_at,
                deadline: deadline(window),
            },
            Self::Reveal { opens_at, window } => PhaseView::Reveal {
                opens_at,
                deadline: deadline(window),
            },
            Self::Certify { pause, window } => PhaseView::Certify {
                opens_at: pause.map_or(next.block, |pause| {
                    let block = deadline(pause).block;
                    // Its time is not over, or blocks lack room: it does not end with the next block.
                    match pause.is_open(next) {
                        true => block.max(next.block.saturating_add(1)),
                        false => block,
                    }
                }),
                deadline: window.map(deadline),
            },
            Self::Aggregate { .. } | Self::Closing => PhaseView::Aggregate,
            Self::Finished => PhaseView::Finished,
            Self::Cancelled => PhaseView::Cancelled,
            Self::Uploading { received } => PhaseView::Uploading { received },
            Self::Gate { opens_at, window } => PhaseView::Gate {
                opens_at,
                deadline: deadline(window),
            },
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
    /// Updates that were not accepted after all: their moments were proven to be of no rows.
    pub guilty: u32,
}

impl Round {
    /// What has become of the commitments.
    pub const fn turnout(&self) -> Turnout {
        let counted = self.accepted.saturating_add(self.guilty);
        Turnout {
            committed: self.committed,
            rejected: self.revealed.saturating_sub(counted),
            guilty: self.guilty,
        }
    }
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
    /// Rounds that were skipped.
    pub skipped: u32,
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
    /// Which of the last rounds it has missed, one bit each, the newest lowest.
    pub missed: u8,
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
    /// Opened and counted, until its moments were proven to be of no rows.
    Guilty,
}

/// A commitment of the current round.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Commitment<Balance> {
    /// The hash.
    pub hash: H256,
    /// What is held of the bond: all of it while the answer is open, and of moments until the round is
    /// settled.
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

/// Weights of a certified model, at most.
const WEIGHTS_MAX: u32 = CERTIFIED_FEATURES_MAX + 1;
/// Bytes of the moments of one client, or of their sum, at most.
pub const MOMENT_BYTES_MAX: u32 = Shape::LARGEST.moment_bytes();
/// Bytes of a proof that moments are of no rows, at most.
pub const REFUTATION_BYTES_MAX: u32 = Shape::LARGEST.refutation_bytes();

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
    /// Clients whose moments were proven to be of no rows.
    pub guilty: BoundedVec<AccountId, ConstU32<CLIENTS_MAX>>,
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
