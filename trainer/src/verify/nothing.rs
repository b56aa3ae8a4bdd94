//! Checks that found nothing wrong because there was nothing to check: no success either.

use thiserror::Error;

use crate::chain::AccountId;

/// What was not proven, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Nothing {
    /// The chain is shorter.
    #[error(
        "nothing is proven up to block {to}: the newest block that the node has is {best}; name an \
         earlier one with --to, or wait"
    )]
    Ahead {
        /// The block that was asked for.
        to: u32,
        /// The node's best block.
        best: u32,
    },
    /// No block follows the first one.
    #[error(
        "nothing is proven: the genesis block is all that was to be audited, and it makes no server \
         model; name a later block with --to{}",
        match is_newest {
            true => ", or wait until one is final",
            false => "",
        }
    )]
    Genesis {
        /// Whether it is the newest final block.
        is_newest: bool,
    },
    /// The federation was created later.
    #[error(
        "nothing is proven of federation {federation}: it was created in block {created_at}, and you asked \
         for the blocks up to {to}; name a later one with --to"
    )]
    Before {
        /// The federation.
        federation: u32,
        /// The block that created it.
        created_at: u32,
        /// The block that was asked for.
        to: u32,
    },
    /// No round of the federation was closed.
    #[error(
        "no server model of federation {federation} is proven: blocks {from} to {to} close no round of it; {}",
        what_follows(*federation, *removed_at)
    )]
    NoRound {
        /// The federation.
        federation: u32,
        /// First block read.
        from: u32,
        /// Last block read.
        to: u32,
        /// The block that removed the federation, if one did.
        removed_at: Option<u32>,
    },
    /// Rounds were closed, and all were skipped.
    #[error(
        "no server model of federation {federation} is proven: all its rounds that blocks {from} to {to} close \
         were skipped; {}",
        what_follows(*federation, *removed_at)
    )]
    NoModel {
        /// The federation.
        federation: u32,
        /// First block read.
        from: u32,
        /// Last block read.
        to: u32,
        /// The block that removed the federation, if one did.
        removed_at: Option<u32>,
    },
    /// The whole chain made no model.
    #[error(
        "no server model is proven: blocks 0 to {to} make none; name a later block with --to, or wait until \
         a round makes one"
    )]
    NoModels {
        /// Last block read.
        to: u32,
    },
    /// The initial model is not there yet.
    #[error(
        "nothing is proven of the file: up to block {to} the initial model of federation {federation} is \
         not uploaded; wait for it, or name a later block with --to"
    )]
    NotUploaded {
        /// The federation.
        federation: u32,
        /// Last block read.
        to: u32,
    },
    /// The federation is gone, and the node has forgotten how it was.
    #[error(
        "nothing is proven of federation {federation}: it is not in the chain's state any more, and the \
         node has pruned the state of block {block}, in which to look for it; ask a node that runs with \
         --state-pruning archive-canonical"
    )]
    Forgotten {
        /// The federation.
        federation: u32,
        /// A block whose state is missing.
        block: u32,
    },
    /// A receipt of a round that is not over.
    #[error(
        "no receipt is made: up to block {to} round {round} of federation {federation} is not closed; \
         `fedchain federation show {federation}` says how far it is"
    )]
    NotClosed {
        /// The federation.
        federation: u32,
        /// The round.
        round: u32,
        /// Last block read.
        to: u32,
    },
    /// A receipt whose last header comes before the round's end.
    #[error(
        "no receipt is made: round {round} was closed in block {closed_at}, but the receipt shall end with \
         block {to}; ask again later, or name another one with --to"
    )]
    EndsBefore {
        /// The round.
        round: u32,
        /// The block that closed it.
        closed_at: u32,
        /// The receipt's last block.
        to: u32,
    },
    /// A receipt of a round whose model was not adopted.
    #[error(
        "no receipt is made: round {round} {why}, and no update of it is in a model; name another round"
    )]
    WithoutModel {
        /// The round.
        round: u32,
        /// What became of it.
        why: &'static str,
    },
    /// A receipt of an update that is not there.
    #[error(
        "no receipt is made: {client} has no update among the {accepted} accepted ones of round {round}; \
         name another client or round"
    )]
    NotAccepted {
        /// The client.
        client: AccountId,
        /// Accepted updates.
        accepted: u32,
        /// The round.
        round: u32,
    },
}

/// Whether waiting helps.
fn what_follows(federation: u32, removed_at: Option<u32>) -> String {
    match removed_at {
        Some(block) => {
            format!("block {block} removed it, so no later block will: there is nothing to verify")
        }
        None => format!(
            "name a later block with --to, or wait: `fedchain federation show {federation}` says for what"
        ),
    }
}
