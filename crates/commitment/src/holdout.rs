//! What binds a holdout to its evaluator, round and chain.

use codec::Encode;
use fedchain_fl::H256;
use sp_crypto_hashing::blake2_256;

use crate::{Opens, Tree};

/// Version of the commitment's encoding.
const VERSION: u8 = 1;

/// All that an evaluator's commitment binds, in the order of its SCALE encoding.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct HoldoutOpening<AccountId> {
    /// Hash of the chain's genesis block.
    pub genesis: H256,
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round that it judges.
    pub round: u32,
    /// Hash of the task, see [`crate::spec_hash`].
    pub spec_hash: H256,
    /// The evaluator.
    pub account: AccountId,
    /// Root of the holdout's canonical bytes, see [`Tree::root_of`].
    pub values_root: H256,
    /// 32 random bytes, secret until the reveal.
    pub salt: [u8; 32],
}

impl<AccountId: Encode> HoldoutOpening<AccountId> {
    /// The commitment: `blake2_256` of (tag, version, fields).
    pub fn commitment(&self) -> H256 {
        H256(blake2_256(&(b"fedchain/holdout", VERSION, self).encode()))
    }
}

impl<AccountId: Clone + Encode> Opens for HoldoutOpening<AccountId> {
    const TREE: Tree = Tree::Holdout;

    fn commitment_to(&self, values_root: H256) -> H256 {
        let opening = Self {
            values_root,
            ..self.clone()
        };
        opening.commitment()
    }
}
