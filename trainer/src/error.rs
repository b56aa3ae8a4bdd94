//! Everything that can stop a command, in sentences that say what to do, and the exit codes.

use std::io;

use fedchain_fl::{H256, Refusal};
use fedchain_learn::{
    LearnError,
    data::{DataError, infer::InferError, partition::PartitionError},
    files::FileError,
    privacy::PrivacyError,
    simulate::SimulateError,
};
use thiserror::Error;

use crate::{
    amount::Amount,
    chain::{AccountId, code::CodeError},
    keys::KeyError,
    serve::ServeError,
    store::StoreError,
    verify::{Difference, audit::Broken, nothing::Nothing},
    words::one_line,
};

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The command line asks for something impossible.
    #[error("{0}")]
    Usage(String),
    /// Somebody asked a session to stop.
    #[error("stopped: {0}")]
    Stopped(String),
    /// Standard output did not take everything.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// No node answers.
    #[error(
        "no node answers at {url} ({reason}): start fedchain-node there, or name another with --url"
    )]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// Something answers, and takes no connection.
    #[error(
        "the node at {url} refused the connection ({status}){}",
        match status.as_str() {
            "403" => ": unless it runs with --rpc-cors all, it answers under the names localhost and \
                      127.0.0.1 only",
            _ => ": is there a node of fedchain, or something else?",
        }
    )]
    Denied {
        /// Where it is.
        url: String,
        /// The HTTP status of its answer.
        status: String,
    },
    /// The connection broke.
    #[error(
        "the connection to the node at {url} broke ({reason}): nothing is known of what was not \
         confirmed; try again"
    )]
    Lost {
        /// Where the node was.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The connection to the node broke while a transfer was under way.
    #[error(
        "the connection to the node at {url} broke ({reason}), and the transfer may have been made: look at the \
         balance of {to} before you pay again"
    )]
    MaybePaid {
        /// Where the node was.
        url: String,
        /// What the system said.
        reason: String,
        /// Who was to get it.
        to: AccountId,
    },
    /// The node answers, but with an error.
    #[error("the node refused {method}: {}", one_line(message))]
    Node {
        /// The RPC method.
        method: String,
        /// What the node said.
        message: String,
    },
    /// The node's answer is not one of fedchain's protocol.
    #[error("unexpected answer of the node: {}; do node and client have the same version?", one_line(.0))]
    Protocol(String),
    /// No federation has this number.
    #[error("there is no federation {0}: see `fedchain federation list`")]
    UnknownFederation(u32),
    /// The transaction pool refused a call that cannot succeed now.
    #[error("{call} was refused: {refusal}")]
    Refused {
        /// The call.
        call: String,
        /// The reason.
        refusal: Refusal,
    },
    /// The transaction pool refused a transaction for another reason.
    #[error("{call} was refused by the node's transaction pool: {reason}")]
    Pool {
        /// The call.
        call: String,
        /// What the node said.
        reason: String,
    },
    /// The call was executed and failed; nothing changed but the fee.
    #[error("{call} failed in block {block}: {reason}")]
    Failed {
        /// The call.
        call: String,
        /// The block.
        block: u32,
        /// Name of the pallet's error, like `NotInvited`; empty for errors of no pallet.
        name: String,
        /// What the runtime's metadata says of it.
        reason: String,
    },
    /// A transaction was sent, but nobody knows what became of it.
    #[error("{call} was sent, but no block has it yet: is anyone mining? It may still be included")]
    Unsettled {
        /// The call.
        call: String,
    },
    /// The account cannot pay.
    #[error(
        "the account {account} needs {needs}, but has {has} to spend: whoever has money can send it some by \
         `fedchain transfer --to {account} --amount N`"
    )]
    LowBalance {
        /// The account.
        account: AccountId,
        /// What it needs for deposits and fees.
        needs: Amount,
        /// Its free balance above the smallest one.
        has: Amount,
    },
    /// The chain's state rules the command out.
    #[error("{0}")]
    Impossible(String),
    /// A file of the user is missing or malformed.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The data file cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A model file cannot be used.
    #[error(transparent)]
    Model(#[from] FileError),
    /// No schema can be made of the file.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// The rows cannot be dealt to so many clients.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// The model cannot be trained or run.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// An update cannot be given noise.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// A federation cannot be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A federation without a chain failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The chain, or a file, differs from what was recomputed.
    #[error("verification failed: {0}")]
    Verify(#[from] Difference),
    /// A check found nothing wrong, for there was nothing to check.
    #[error(transparent)]
    Nothing(#[from] Nothing),
    /// The node does not have a block.
    #[error("the node does not have block {0:?}")]
    NoBlock(H256),
    /// The node has thrown the state of an old block away.
    #[error(
        "the node has pruned the state of block {0}: ask one that runs with --state-pruning \
         archive-canonical"
    )]
    Pruned(u32),
    /// What the node says of a state does not follow from the header.
    #[error("verification failed: block {block}: {unproven}")]
    Unproven {
        /// The block.
        block: u32,
        /// What is missing.
        unproven: fedchain_receipt::Unproven,
    },
    /// The runtime's code, proven by the block's state root, does not say how to read transactions.
    #[error(
        "the runtime's code in the state of block {block} cannot be used: {fault}; is there a newer \
         version of this program?"
    )]
    Code {
        /// The block.
        block: u32,
        /// Why not.
        fault: CodeError,
    },
    /// Signatures are over something that is not known here.
    #[error(
        "signatures cannot be checked: the transaction extension {0} adds something to them that this \
         version does not know"
    )]
    Extension(String),
    /// A block cannot be one of the chain.
    #[error("verification failed: {0}")]
    Broken(#[from] Broken),
    /// A receipt proves nothing.
    #[error("verification failed: {0}")]
    Receipt(#[from] fedchain_receipt::Error),
    /// A receipt that convinces nobody.
    #[error(transparent)]
    Doubtful(#[from] fedchain_receipt::Doubt),
}

/// The exit codes, as `--help` prints them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  standard output could not be written, the node answered in an unexpected way, or another failure
  2  wrong usage of the command line
  3  no node or server answers, or the connection broke
  4  refused by the chain, or impossible in its present state
  5  bad data: data file, spec file, model file, or numbers out of range
  6  verification found a difference, or nothing to verify
  7  a key or the state directory cannot be used
  130  stopped by an interrupt";

impl Error {
    /// The exit code of the process; see [`EXIT_CODES`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Output(_)
            | Self::Node { .. }
            | Self::Protocol(_)
            | Self::Code { .. }
            | Self::Extension(_) => 1,
            Self::Usage(_) | Self::Partition(_) => 2,
            Self::Unreachable { .. }
            | Self::Denied { .. }
            | Self::Lost { .. }
            | Self::MaybePaid { .. } => 3,
            Self::UnknownFederation(_)
            | Self::Refused { .. }
            | Self::Pool { .. }
            | Self::Failed { .. }
            | Self::Unsettled { .. }
            | Self::LowBalance { .. }
            | Self::NoBlock(_)
            | Self::Pruned(_)
            | Self::Impossible(_) => 4,
            Self::File { .. }
            | Self::Data(_)
            | Self::Infer(_)
            | Self::Model(_)
            | Self::Learn(_)
            | Self::Privacy(_)
            | Self::Simulate(_) => 5,
            Self::Verify(_)
            | Self::Nothing(_)
            | Self::Unproven { .. }
            | Self::Broken(_)
            | Self::Receipt(_)
            | Self::Doubtful(_) => 6,
            Self::Key(_) | Self::Store(_) => 7,
            // As shells say of what an interrupt has ended.
            Self::Stopped(_) => 130,
            Self::Serve(error) => error.exit_code(),
        }
    }
}
