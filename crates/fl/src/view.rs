//! What a node answers about federations, in SCALE by the runtime API and in JSON by RPC.
//!
//! In JSON, hashes are `0x` hex, accounts SS58 and amounts decimal text in the smallest unit.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

use crate::{FederationSpec, H256, Name, Privacy, window::Deadline};

/// Where a federation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", tag = "name"))]
pub enum PhaseView {
    /// Fewer than `clients_min` members.
    Waiting,
    /// Commitments are taken until the deadline.
    Commit {
        /// End of the window.
        deadline: Deadline,
    },
    /// Commits are closed; reveals are not yet taken.
    Settle {
        /// First block that takes reveals.
        opens_at: u32,
        /// End of the reveal window.
        deadline: Deadline,
    },
    /// Reveals are taken until the deadline.
    Reveal {
        /// First block that took reveals.
        opens_at: u32,
        /// End of the window.
        deadline: Deadline,
    },
    /// The moments are there: anybody may refute them, and then hand in a solution, until the deadline.
    Certify {
        /// First block that takes a solution, if all blocks before it have room and half the pause's time has
        /// passed; the next one without a deadline.
        opens_at: u32,
        /// End of the window; none while only the owner may certify anew.
        deadline: Option<Deadline>,
    },
    /// The round is over; a coming block aggregates it.
    Aggregate,
    /// The new model is there; evaluators' holdouts are taken until the deadline.
    Gate {
        /// First block that takes holdouts.
        opens_at: u32,
        /// End of the window.
        deadline: Deadline,
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
}

/// One line of a list of federations.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct FederationSummary<AccountId> {
    /// Number of the federation.
    pub federation: u32,
    /// For people.
    pub name: Name,
    /// Who created it.
    pub owner: AccountId,
    /// Where it stands.
    pub phase: PhaseView,
    /// Current round, 0 before the first.
    pub round: u32,
    /// Number of the last round, as things stand: skipped ones are made up for.
    pub rounds_max: u32,
    /// Members.
    pub clients: u32,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientView<AccountId> {
    /// The account that trains.
    pub account: AccountId,
    /// First round whose roster has it.
    pub first_round: u32,
    /// How many of its last four rounds it has missed; with two it loses its seat.
    pub missed: u32,
    /// Leaves at the end of the round.
    pub leaving: bool,
    /// Committed in the current round.
    pub committed: bool,
    /// Chunks of its update received in the current round.
    pub received: u32,
    /// Revealed in the current round.
    pub revealed: bool,
}

/// A holdout that an evaluator has committed to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct HoldoutView {
    /// The round that it judges.
    pub round: u32,
    /// The commitment.
    pub commitment: H256,
    /// Chunks received.
    pub received: u32,
    /// All of it is there.
    pub revealed: bool,
}

/// Who judges models.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct EvaluatorView<AccountId> {
    /// The evaluator.
    pub account: AccountId,
    /// Its holdouts for the current round and for the next.
    pub holdouts: Vec<HoldoutView>,
}

/// A federation as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "std",
    serde(bound(
        serialize = "AccountId: serde::Serialize, Balance: core::fmt::Display + core::str::FromStr<Err: core::fmt::Display>",
        deserialize = "AccountId: serde::Deserialize<'de>, Balance: core::fmt::Display + core::str::FromStr<Err: core::fmt::Display>"
    ))
)]
pub struct FederationView<AccountId, Balance> {
    /// Number of the federation.
    pub federation: u32,
    /// Who created it.
    pub owner: AccountId,
    /// What was fixed at creation.
    pub spec: FederationSpec<Balance>,
    /// Hash of the task, part of every commitment.
    pub spec_hash: H256,
    /// Block that created it.
    pub created_at: u32,
    /// Where it stands.
    pub phase: PhaseView,
    /// Current round, 0 before the first.
    pub round: u32,
    /// Rounds that were skipped: up to `rounds_max` of them are made up for.
    pub skipped: u32,
    /// The owner asked to end it with this round.
    pub cancelling: bool,
    /// Number of weights.
    pub param_count: u32,
    /// Root of the newest server model.
    pub model_root: H256,
    /// Paid with each commitment, and burned: the client's part of the aggregation's weight.
    #[cfg_attr(feature = "std", serde(with = "crate::text"))]
    pub aggregation_fee: Balance,
    /// Invited accounts that have not joined yet.
    pub invited: Vec<AccountId>,
    /// Members.
    pub clients: Vec<ClientView<AccountId>>,
    /// Who judges its models.
    pub evaluators: Vec<EvaluatorView<AccountId>>,
}

impl<AccountId, Balance> FederationView<AccountId, Balance> {
    /// Number of the last round, as things stand.
    pub const fn last_round(&self) -> u32 {
        self.spec.last_round(self.skipped)
    }
}

/// How a round ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    codec::DecodeWithMemTracking,
    codec::MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The aggregate became the server model.
    Adopted,
    /// Too few updates: the server model stayed.
    Skipped,
    /// The aggregate became the server model unjudged: too few holdouts were there.
    Ungated,
    /// The aggregate was worse than the tolerance allows: the server model stayed.
    Worse,
    /// Blocks had too little room for answers for ten times a window: the server model stayed.
    Crowded,
}

impl Outcome {
    /// Whether the round was skipped, and is made up for.
    pub const fn is_skipped(self) -> bool {
        matches!(self, Self::Skipped | Self::Crowded)
    }

    /// Whether the aggregate became the server model.
    pub const fn is_adopted(self) -> bool {
        matches!(self, Self::Adopted | Self::Ungated)
    }
}

/// What stays in state of a closed round.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Encode,
    Decode,
    codec::DecodeWithMemTracking,
    codec::MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct RoundRecord {
    /// How it ended.
    pub outcome: Outcome,
    /// Root of the server model after it.
    pub model_root: H256,
    /// Root of the set of accepted updates.
    pub accepted_root: H256,
    /// Number of accepted updates.
    pub accepted: u32,
    /// Block that opened it.
    pub opened_at: u32,
    /// Block that closed it.
    pub closed_at: u32,
}

/// A round: closed, or the current one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct RoundView {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round, from 1.
    pub round: u32,
    /// Clients on its roster; of the current round only.
    pub roster: Option<u32>,
    /// Where it stands; of the current round only.
    pub phase: Option<PhaseView>,
    /// Commitments so far; of the current round only.
    pub committed: Option<u32>,
    /// Reveals so far; of the current round only.
    pub revealed: Option<u32>,
    /// How it ended; of closed rounds only.
    pub record: Option<RoundRecord>,
}

/// What a solution proved.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    codec::DecodeWithMemTracking,
    codec::MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Bound {
    /// The optimum is no further from the server model than this: Euclidean distance in units of 2^-32,
    /// rounded up.
    pub epsilon: u64,
    /// The curvature that this follows from: no eigenvalue of `X' X + penalty N I` is smaller; units of
    /// 2^-24, rounded down.
    pub mu: u64,
}

impl Bound {
    /// Fractional bits of `epsilon` and of a solution's weights.
    pub const WEIGHT_BITS: u32 = 32;
    /// Fractional bits of `mu`.
    pub const CURVATURE_BITS: u32 = 24;

    /// Epsilon in real numbers.
    #[cfg(feature = "std")]
    pub fn distance(&self) -> f64 {
        self.epsilon as f64 / 2f64.powi(Self::WEIGHT_BITS as i32)
    }

    /// The curvature in real numbers.
    #[cfg(feature = "std")]
    pub fn curvature(&self) -> f64 {
        self.mu as f64 / 2f64.powi(Self::CURVATURE_BITS as i32)
    }
}

/// The sum of the second moments of some clients.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct MomentsView {
    /// Rows of all of them.
    pub rows: u32,
    /// `X' X`, lower triangle row by row, then `X' y`; up to 2^60, in units of 2^-24.
    pub values: Vec<i64>,
}

/// The certificate of a server model: how close it is to the ridge optimum of whose rows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct CertificateView<AccountId> {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round that it closed.
    pub round: u32,
    /// What was proven.
    pub bound: Bound,
    /// Rows of all clients in it.
    pub rows: u32,
    /// The model, `[features + 1]`, the intercept last, in units of 2^-32. The server model is this,
    /// rounded to the federation's number format.
    pub weights: Vec<i64>,
    /// Clients whose rows are in it.
    pub clients: Vec<AccountId>,
    /// Clients that were left out, by the owner.
    pub left_out: Vec<AccountId>,
    /// Clients that had committed and did not reveal.
    pub withheld: Vec<AccountId>,
    /// Clients whose moments were proven to be of no rows.
    pub guilty: Vec<AccountId>,
}

/// A range of a server model's weights.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ModelView {
    /// Number of the federation.
    pub federation: u32,
    /// Round whose result this is; 0 is the initial model.
    pub round: u32,
    /// Root of the whole model.
    pub root: H256,
    /// A weight `w` stands for `w * 2^-frac_bits`.
    pub frac_bits: u8,
    /// Number of weights of the whole model.
    pub param_count: u32,
    /// Index of the first weight here.
    pub offset: u32,
    /// The weights.
    pub values: Vec<i32>,
}

/// What a client sent in a block: a commitment, or an update.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientModel<AccountId> {
    /// Index of the extrinsic in the block.
    pub extrinsic: u32,
    /// The client.
    pub client: AccountId,
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// The commitment, in the block that took it.
    pub commitment: Option<H256>,
    /// Sample count, in a block that took a part of the update.
    pub sample_count: Option<u32>,
    /// Differential privacy that the client declares, in a block that took a part of the update.
    pub privacy: Option<Privacy>,
    /// Root of the whole update, in a block that took a part of it.
    pub values_root: Option<H256>,
    /// Index of the first weight in `values`.
    pub offset: Option<u32>,
    /// The weights that the block took.
    pub values: Option<Vec<i32>>,
}

/// What the runtime reads out of a block's body.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BodyView<AccountId> {
    /// The block's time, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    /// Successful commits and reveals.
    pub client_models: Vec<ClientModel<AccountId>>,
}

/// A server model that a block made.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, codec::DecodeWithMemTracking, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct ServerModel {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// How the round ended.
    pub outcome: Outcome,
    /// Root of the server model after the round.
    pub model_root: H256,
    /// Root of the set of accepted updates.
    pub accepted_root: H256,
    /// Hash of the judgement, where there was one.
    pub gate_hash: Option<H256>,
}

/// The engine id of the digest item that carries a [`ServerModel`] in the header.
pub const DIGEST_ID: [u8; 4] = *b"fedm";

/// The record of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockRecord<AccountId> {
    /// Height.
    pub index: u32,
    /// Hash of the header, seal included.
    pub hash: H256,
    /// Hash of the parent.
    pub previous_hash: H256,
    /// Milliseconds since the Unix epoch.
    pub timestamp: u64,
    /// The seal's nonce, hex; none in the genesis block.
    pub nonce: Option<alloc::string::String>,
    /// Difficulty as decimal text; none in the genesis block.
    pub difficulty: Option<alloc::string::String>,
    /// Who mined it; none in the genesis block.
    pub author: Option<AccountId>,
    /// Commitments and updates in the block.
    pub client_models: Vec<ClientModel<AccountId>>,
    /// Server models that the block made; their roots are part of the header.
    pub server_models: Vec<ServerModel>,
    /// The accounts behind the client models, each once.
    pub clients: Vec<AccountId>,
}
