//! The commitment hash and the hash of the task.

use codec::Encode;
use fedchain_fl::{H256, Privacy, TaskSpec};
use sp_crypto_hashing::blake2_256;

use crate::Tree;

/// Version of the commitment's encoding.
const VERSION: u8 = 1;

/// What a commitment opens to, but for the values: their root follows from what is revealed.
pub trait Opens {
    /// The kind of tree that the values are in.
    const TREE: Tree;

    /// The commitment, were this the root of the values.
    fn commitment_to(&self, values_root: H256) -> H256;
}

/// All that a commitment binds, in the order of its SCALE encoding.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct Opening<AccountId> {
    /// Hash of the chain's genesis block.
    pub genesis: H256,
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// Hash of the task, see [`spec_hash`].
    pub spec_hash: H256,
    /// Root of the server model that training started from.
    pub base_root: H256,
    /// The client.
    pub account: AccountId,
    /// Rows that the client trained on.
    pub sample_count: u32,
    /// What the client declares about noise in the update.
    pub privacy: Option<Privacy>,
    /// Number of weights.
    pub param_count: u32,
    /// Root of the update's values, see [`crate::values_root`].
    pub values_root: H256,
    /// 32 random bytes, secret until the reveal.
    pub salt: [u8; 32],
}

impl<AccountId: Encode> Opening<AccountId> {
    /// The commitment: `blake2_256` of (tag, version, fields).
    pub fn commitment(&self) -> H256 {
        H256(blake2_256(
            &(b"fedchain/commitment", VERSION, self).encode(),
        ))
    }
}

impl<AccountId: Clone + Encode> Opens for Opening<AccountId> {
    const TREE: Tree = Tree::Values;

    fn commitment_to(&self, values_root: H256) -> H256 {
        let opening = Self {
            values_root,
            ..self.clone()
        };
        opening.commitment()
    }
}

/// Hash of model, initial weights, format, strategy, norm bound and schema.
pub fn spec_hash(task: &TaskSpec) -> H256 {
    H256(blake2_256(&(b"fedchain/task", VERSION, task).encode()))
}
