//! Which seals are valid: the rules of [`fedchain_pow`], with the difficulty that follows from the
//! headers before.

use crate::headers::Headers;
use fedchain_pow::{PreDigest, Seal, U256};
use fedchain_runtime::{Hash, opaque::Block};
use sc_consensus_pow::{Error, PowAlgorithm};
use sp_consensus_pow::Seal as SealBytes;
use sp_runtime::generic::BlockId;

/// blake2_256 over pre-hash and nonce, difficulty from the headers.
#[derive(Clone)]
pub struct Blake2Pow {
    headers: Headers,
}

impl Blake2Pow {
    /// Computes difficulties from these headers.
    pub fn new(headers: Headers) -> Self {
        Self { headers }
    }
}

impl PowAlgorithm<Block> for Blake2Pow {
    type Difficulty = U256;

    fn difficulty(&self, parent: Hash) -> Result<U256, Error<Block>> {
        let chain = self.headers.chain_at(parent).map_err(Error::Client)?;
        let unknown = || Error::Other(format!("block {parent:?} is unknown"));
        Ok(chain.ok_or_else(unknown)?.difficulty())
    }

    /// The parent may be unknown, and with it the difficulty, but no seal below the floor is valid.
    fn preliminary_verify(
        &self,
        pre_hash: &Hash,
        seal: &SealBytes,
    ) -> Result<Option<bool>, Error<Block>> {
        let floor = self.headers.rules().bounds.floor;
        Ok(Some(is_sealed(pre_hash, seal, floor)))
    }

    fn verify(
        &self,
        _: &BlockId<Block>,
        pre_hash: &Hash,
        pre_digest: Option<&[u8]>,
        seal: &SealBytes,
        difficulty: U256,
    ) -> Result<bool, Error<Block>> {
        // The runtime checks the claim again, but only once it executes the block.
        let claim = pre_digest.and_then(PreDigest::from_bytes);
        let honest = claim.is_some_and(|claim| claim.difficulty == difficulty);
        Ok(honest && is_sealed(pre_hash, seal, difficulty))
    }
}

fn is_sealed(pre_hash: &Hash, seal: &[u8], difficulty: U256) -> bool {
    Seal::from_bytes(seal).is_some_and(|seal| seal.is_valid(pre_hash.as_fixed_bytes(), difficulty))
}
