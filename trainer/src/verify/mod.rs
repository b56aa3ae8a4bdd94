//! Recomputing a federation from what its clients sent.
//!
//! [`replay`] is pure: commits, reveals and digests in, server models or the first difference out.
//! [`fetch`] reads them from the blocks of a node. Which transactions failed need not be believed: the
//! block's events are proven by the state root in its header, and where the node has pruned them,
//! leaving one out, or in, changes the root of accepted updates, which is part of the header.
//!
//! ```text
//! blocks --fetch--> Block --replay--> commitments, norms, strategy --> model root == header's digest
//!                                     holdouts, median of losses ----> judgement  == header's digest
//! ```
//!
//! - [`federation`]: one federation, and what the node's state says of it.
//! - [`audit`]: the whole chain: every block's place, work and body, and every federation.
//! - [`signed`]: whether transactions are of whom they name.
//! - [`receipt`]: what a client keeps to show later, without a node.
//! - [`file`]: a model file beside the recomputed models.
//! - [`past`]: when a removed federation was there.
//! - [`reach`]: how far a check looked; [`nothing`]: why it proves nothing.

pub mod audit;
pub mod federation;
pub mod fetch;
pub mod file;
pub mod nothing;
pub mod past;
pub mod reach;
pub mod receipt;
pub mod replay;
pub mod signed;

use fedchain_fl::{Error as FlError, H256, view::Outcome};
use fedchain_verifier::optimality;
use replay::Unfit;
use thiserror::Error;

use crate::{chain::AccountId, words::count};

/// The first difference between the chain, or a file, and what was recomputed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}federation {federation}, round {round}: {what}", place(.block))]
pub struct Difference {
    /// The block, where there is one.
    pub block: Option<u32>,
    /// The federation.
    pub federation: u32,
    /// The round.
    pub round: u32,
    /// What differs.
    pub what: What,
}

fn place(block: &Option<u32>) -> String {
    block.map_or_else(String::new, |block| format!("block {block}, "))
}

fn hash(hash: &Option<H256>) -> String {
    hash.map_or_else(|| "none".into(), |hash| format!("{hash:?}"))
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum What {
    /// A commitment names another server model than that of the round before.
    #[error(
        "{client} committed to an update of model {found:?}, but the server model was {expected:?}"
    )]
    Base {
        /// The client.
        client: AccountId,
        /// Root of the recomputed model.
        expected: H256,
        /// Root in the commitment's transaction.
        found: H256,
    },
    /// An update was revealed without a commitment.
    #[error("{client} revealed an update without having committed to one")]
    NoCommitment {
        /// The client.
        client: AccountId,
    },
    /// A revealed update is not the one that was committed.
    #[error("{client} revealed an update that is not the one it committed to")]
    Opening {
        /// The client.
        client: AccountId,
    },
    /// A part of an update does not follow the parts before it.
    #[error("{client} revealed parts of its update out of order")]
    PartOrder {
        /// The client.
        client: AccountId,
    },
    /// A revealed update cannot be one of this federation.
    #[error("{client} revealed an update that the federation cannot take: {error}")]
    Update {
        /// The client.
        client: AccountId,
        /// Why not.
        error: FlError,
    },
    /// The accepted updates have no aggregate.
    #[error("the strategy cannot combine the accepted updates: {error}")]
    Aggregate {
        /// Why not.
        error: FlError,
    },
    /// Revealed moments cannot be those of any rows.
    #[error("{client} revealed moments that no rows have: {error}")]
    Moments {
        /// The client.
        client: AccountId,
        /// Why not.
        error: optimality::Error,
    },
    /// The chain took a solution that proves nothing.
    #[error("the chain took a solution that proves nothing: {error}")]
    Solution {
        /// Why not.
        error: optimality::Error,
    },
    /// The chain took a proof against a client that proves nothing.
    #[error("the chain took a proof against the moments of {client} that proves nothing")]
    Refutation {
        /// The client.
        client: AccountId,
    },
    /// A round is said to have found no room, too soon.
    #[error(
        "the chain says that blocks had no room for the round's answers, after {}; its shortest window \
         would have taken {least}",
        count(*blocks, "block")
    )]
    NotCrowded {
        /// Blocks since the round before.
        blocks: u32,
        /// Ten times the shortest window.
        least: u32,
    },
    /// A revealed holdout cannot be one of this federation.
    #[error("{evaluator} revealed a holdout {fault}")]
    Holdout {
        /// The evaluator.
        evaluator: AccountId,
        /// Why not.
        fault: Unfit,
    },
    /// Rounds are missing or out of order.
    #[error("the chain closed this round, but round {expected} was due")]
    Order {
        /// The round that was due.
        expected: u32,
    },
    /// A round ended otherwise than the accepted updates and the holdouts say.
    #[error(
        "the chain says {found:?}, but {} and {} mean {expected:?}",
        count(*accepted, "accepted update"),
        count(*revealed, "whole holdout")
    )]
    Ending {
        /// What follows from updates and holdouts.
        expected: Outcome,
        /// What the header says.
        found: Outcome,
        /// Recomputed number of accepted updates.
        accepted: u32,
        /// Holdouts that were revealed as a whole.
        revealed: u32,
    },
    /// The set of accepted updates differs.
    #[error("the accepted updates have the root {expected:?}, the chain says {found:?}")]
    Accepted {
        /// Recomputed root.
        expected: H256,
        /// Root on chain.
        found: H256,
    },
    /// The server model differs.
    #[error(
        "the strategy makes the model {expected:?} of the accepted updates, the chain says {found:?}"
    )]
    Model {
        /// Recomputed root.
        expected: H256,
        /// Root on chain.
        found: H256,
    },
    /// The judgement differs.
    #[error(
        "the judgement differs: contributions or losses are others than recorded; it has the hash {}, \
         the chain says {}",
        hash(.expected),
        hash(.found)
    )]
    Judgement {
        /// Recomputed hash; none where nothing is judged.
        expected: Option<H256>,
        /// Hash on chain.
        found: Option<H256>,
    },
    /// The round's record in state differs from the header's digest.
    #[error("the record in state differs from the header in {field}")]
    Record {
        /// The field.
        field: &'static str,
    },
    /// A round is closed in state, but no header says so.
    #[error("the state says that the round is closed, but no header up to block {to} does")]
    NoDigest {
        /// The last block that was read.
        to: u32,
    },
    /// A weight of the model file differs.
    #[error("weight {index} of the file is {found}, the recomputed model has {expected}")]
    Weight {
        /// Place of the weight.
        index: usize,
        /// Recomputed weight.
        expected: i32,
        /// Weight in the file.
        found: i32,
    },
    /// A weight of a model file that holds real numbers differs from that of the newest model, and the file
    /// is no older one.
    #[error(
        "the file is none of the recomputed models; weight {index} of it is {found}, the model of this \
         round has {expected}{}",
        match is_rounded {
            true => ": float32 rounds, save float64",
            false => "",
        }
    )]
    Real {
        /// Place of the weight.
        index: usize,
        /// Recomputed weight.
        expected: String,
        /// Weight in the file.
        found: String,
        /// Whether it only was rounded.
        is_rounded: bool,
    },
    /// The model file states something else about itself.
    #[error("the file states {field} {found}, the recomputed model has {expected}")]
    File {
        /// The field.
        field: &'static str,
        /// Recomputed.
        expected: String,
        /// In the file.
        found: String,
    },
    /// The model file is of a round that was not replayed.
    #[error("the file is of this round, but the last round that the blocks close is {closed}")]
    NoSuchRound {
        /// Closed rounds.
        closed: u32,
    },
}
