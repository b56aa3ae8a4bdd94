//! The messages between a plain server and its clients: JSON-RPC, bytes in hex as the node's RPC has
//! them.
//!
//! Every message of a client is signed (sr25519) by the client's account, over the hash of a
//! SCALE encoding with a tag of its own. The run's id, the task's hash and the round are part of it, so
//! that no message counts on another server, after a restart, or in another round.

use std::time::Duration;

use codec::Encode;
use fedchain_commitment::values_root;
use fedchain_fl::{FederationSpec, H256, limits::UPDATE_BYTES_MAX, view::Outcome};
use serde::{Deserialize, Serialize};
use sp_crypto_hashing::blake2_256;
use subxt_signer::sr25519::{self, Keypair, PublicKey, Signature};
use thiserror::Error;

pub use subxt::rpcs::methods::legacy::Bytes;

use crate::{chain::AccountId, keys};

/// The method that shows the federation.
pub const STATUS: &str = "serve_status";
/// The method that takes a [`Join`].
pub const JOIN: &str = "serve_join";
/// The method that takes a [`Poll`] and answers with a [`Model`].
pub const MODEL: &str = "serve_model";
/// The method that takes an [`Update`].
pub const UPDATE: &str = "serve_update";

/// JSON-RPC code of every [`Refusal`], which is the error's data.
pub const REFUSED: i32 = 7_100;
/// Longest time that [`MODEL`] lets a client wait for its round.
pub const POLL_MAX: Duration = Duration::from_secs(20);
/// Bytes of a message besides the values that it carries, at most.
pub const ENVELOPE_BYTES_MAX: u32 = 4_096;
/// Bytes of a message, at most: the largest model in hex, or the longest spec.
pub const MESSAGE_BYTES_MAX: u32 = 2 * UPDATE_BYTES_MAX + (1 << 20);

/// Version of the signed encodings.
const VERSION: u8 = 1;

/// The federation as a client finds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Id of this run of the server: random, new with each start.
    pub run: H256,
    /// What is learned, how, and by how many. Amounts and windows mean nothing here.
    pub spec: FederationSpec<u128>,
    /// The round that is open, or opens next, from 1.
    pub round: u32,
    /// Clients that joined.
    pub clients: u32,
}

/// Asks for a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The run that the client wants to take part in.
    pub run: H256,
    /// The round of [`Status`], so that an old message seats nobody again.
    pub round: u32,
    /// The client.
    pub account: AccountId,
    /// 64 bytes.
    pub signature: Bytes,
}

/// The seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The first round that takes this client's updates.
    pub first_round: u32,
}

/// Asks for the server model of a round, once that round is open or all are over. Models are no secret,
/// but waiting holds memory, so only clients may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// The run that the client takes part in.
    pub run: H256,
    /// The client.
    pub account: AccountId,
    /// The first round that is of interest.
    pub round: u32,
    /// 64 bytes.
    pub signature: Bytes,
}

/// The answer to a [`Poll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Not yet, for [`POLL_MAX`]: ask again.
    Waiting {
        /// Clients that joined.
        clients: u32,
    },
    /// A round is open.
    Open {
        /// Number of the round.
        round: u32,
        /// Clients whose updates it takes.
        clients: u32,
        /// The server model to train from.
        base: Weights,
        /// How the round before it ended.
        last: Option<Closed>,
    },
    /// All rounds are over.
    Finished {
        /// The last server model.
        model: Weights,
        /// How the last round ended.
        last: Option<Closed>,
    },
}

/// A model, or an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Root of the values, as on chain.
    pub root: H256,
    /// `[param_count]` values in the federation's format: the chain's bytes.
    pub values: Bytes,
}

impl Weights {
    /// Weights of canonical bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            root: values_root(&bytes),
            values: Bytes(bytes),
        }
    }
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Number of the round.
    pub round: u32,
    /// Updates that counted.
    pub results: u32,
    /// Clients whose update did not, or who sent none.
    pub failures: u32,
    /// Whether the server model is a new one.
    pub outcome: Outcome,
    /// Root of the server model after the round.
    pub model_root: H256,
}

/// A client's result of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The run that the client takes part in.
    pub run: H256,
    /// Number of the round.
    pub round: u32,
    /// The client.
    pub account: AccountId,
    /// Root of the server model that it trained from.
    pub base_root: H256,
    /// Rows that it trained on.
    pub sample_count: u32,
    /// `[param_count]` values in the federation's format: the chain's bytes.
    pub values: Bytes,
    /// 64 bytes.
    pub signature: Bytes,
}

impl Join {
    /// A signed message.
    pub fn sign(key: &Keypair, run: H256, spec_hash: H256, round: u32) -> Self {
        let mut join = Self {
            run,
            round,
            account: keys::account(key),
            signature: Bytes(Vec::new()),
        };
        join.signature = sign(key, &join.digest(spec_hash));
        join
    }

    /// Whether the account signed this message for a task.
    pub fn is_signed(&self, spec_hash: H256) -> bool {
        is_signed(&self.account, &self.digest(spec_hash), &self.signature)
    }

    fn digest(&self, spec_hash: H256) -> [u8; 32] {
        let fields = (self.run, spec_hash, self.round, self.account.0);
        blake2_256(&(b"fedchain/serve/join", VERSION, fields).encode())
    }
}

impl Poll {
    /// A signed message.
    pub fn sign(key: &Keypair, run: H256, spec_hash: H256, round: u32) -> Self {
        let mut poll = Self {
            run,
            account: keys::account(key),
            round,
            signature: Bytes(Vec::new()),
        };
        poll.signature = sign(key, &poll.digest(spec_hash));
        poll
    }

    /// Whether the account signed this message for a task.
    pub fn is_signed(&self, spec_hash: H256) -> bool {
        is_signed(&self.account, &self.digest(spec_hash), &self.signature)
    }

    fn digest(&self, spec_hash: H256) -> [u8; 32] {
        let fields = (self.run, spec_hash, self.round, self.account.0);
        blake2_256(&(b"fedchain/serve/poll", VERSION, fields).encode())
    }
}

impl Update {
    /// Signs the message for a task, in place of any signature that it has.
    #[must_use]
    pub fn sign(mut self, key: &Keypair, spec_hash: H256) -> Self {
        self.signature = sign(key, &self.digest(spec_hash));
        self
    }

    /// Whether the account signed this message for a task.
    pub fn is_signed(&self, spec_hash: H256) -> bool {
        is_signed(&self.account, &self.digest(spec_hash), &self.signature)
    }

    fn digest(&self, spec_hash: H256) -> [u8; 32] {
        let fields = (
            self.run,
            spec_hash,
            self.round,
            self.base_root,
            self.account.0,
            self.sample_count,
            values_root(&self.values.0),
        );
        blake2_256(&(b"fedchain/serve/update", VERSION, fields).encode())
    }
}

fn sign(key: &Keypair, digest: &[u8]) -> Bytes {
    Bytes(key.sign(digest).0.to_vec())
}

fn is_signed(account: &AccountId, digest: &[u8], signature: &Bytes) -> bool {
    <[u8; 64]>::try_from(signature.0.as_slice())
        .is_ok_and(|bytes| sr25519::verify(&Signature(bytes), digest, &PublicKey(account.0)))
}

/// Why the server did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The message is for another run.
    #[error("this is run {run:?} of the server, the message is for another: join anew")]
    OtherRun {
        /// The run of the server.
        run: H256,
    },
    /// The account is not on the server's list.
    #[error("{account} is not among the accounts that `fedchain serve` was given with --client")]
    NotAllowed {
        /// The account.
        account: AccountId,
    },
    /// All seats are taken.
    #[error("all {clients_max} seats are taken")]
    Full {
        /// Seats.
        clients_max: u32,
    },
    /// The account has no seat, or lost it.
    #[error("{account} has no seat: join first, and again after two rounds missed in a row")]
    NotJoined {
        /// The account.
        account: AccountId,
    },
    /// The account's seat counts from a later round.
    #[error("{account} takes part from round {first_round} on")]
    TooEarly {
        /// The account.
        account: AccountId,
        /// The first round that takes its updates.
        first_round: u32,
    },
    /// The message is for a round that is not open.
    #[error("the message is for round {found}, but {}", now(.open))]
    OtherRound {
        /// The message's round.
        found: u32,
        /// The open one; none while the server waits for clients.
        open: Option<u32>,
    },
    /// All rounds are over.
    #[error("all rounds are over")]
    Over,
    /// The account's update for this round is here.
    #[error("{account} has sent its update for round {round}: one counts, the first")]
    Twice {
        /// The account.
        account: AccountId,
        /// The round.
        round: u32,
    },
    /// The update was trained from another model.
    #[error("the update was trained from the model {found:?}, the server's is {base:?}")]
    OtherBase {
        /// Root of the model trained from.
        found: H256,
        /// Root of the server model.
        base: H256,
    },
    /// The sample count is out of range.
    #[error("the sample count is {found}: 1 to {max} are allowed")]
    SampleCount {
        /// The stated count.
        found: u32,
        /// The federation's cap.
        max: u32,
    },
    /// The update has another size than the model.
    #[error("the update has {found} bytes, the model {expected}")]
    Size {
        /// Bytes of the update.
        found: u32,
        /// Bytes of the model.
        expected: u32,
    },
    /// The account did not sign this message.
    #[error("the signature is not that of {account} under this message")]
    Signature {
        /// The account.
        account: AccountId,
    },
}

/// What is open.
fn now(open: &Option<u32>) -> String {
    match open {
        Some(round) => format!("round {round} is open"),
        None => "no round is open: the server waits for clients".into(),
    }
}
