//! Which blocks are valid: the rules of [`fedchain_pow`], with the difficulty of the parent's state.

use crate::service::FullClient;
use fedchain_pow::{PreDigest, Seal, U256};
use fedchain_runtime::{Hash, configs::difficulty::DIFFICULTY_FLOOR, opaque::Block};
use sc_consensus_pow::{Error, PowAlgorithm};
use sp_api::ProvideRuntimeApi;
use sp_consensus_pow::{DifficultyApi, Seal as SealBytes};
use sp_runtime::generic::BlockId;
use std::sync::Arc;

/// blake2_256 over pre-hash and nonce, difficulty from the runtime.
#[derive(Clone)]
pub struct Blake2Pow {
    client: Arc<FullClient>,
}

impl Blake2Pow {
    /// Reads difficulties from this client's state.
    pub fn new(client: Arc<FullClient>) -> Self {
        Self { client }
    }
}

impl PowAlgorithm<Block> for Blake2Pow {
    type Difficulty = U256;

    fn difficulty(&self, parent: Hash) -> Result<U256, Error<Block>> {
        self.client
            .runtime_api()
            .difficulty(parent)
            .map_err(|error| Error::Runtime(error.to_string()))
    }

    /// The parent may be unknown, and with it the difficulty, but no seal below the floor is valid.
    fn preliminary_verify(
        &self,
        pre_hash: &Hash,
        seal: &SealBytes,
    ) -> Result<Option<bool>, Error<Block>> {
        let valid = is_sealed(pre_hash, seal, DIFFICULTY_FLOOR.into());
        Ok(Some(valid))
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
