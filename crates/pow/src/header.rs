//! What a header says of its work.

use crate::{ENGINE_ID, Fault, PostDigest, PreDigest, Seal, U256};
use primitive_types::H256;
use sp_runtime::{DigestItem, generic, traits::BlakeTwo256};

/// A header of the chain.
pub type Header = generic::Header<u32, BlakeTwo256>;

/// A header's claim: what it cost and when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The difficulty that its seal must meet.
    pub difficulty: U256,
    /// Its timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

impl Claim {
    /// Reads the claim, and believes it.
    ///
    /// # Errors
    /// [`Fault::Claim`], [`Fault::Stamp`].
    pub fn read(header: &Header) -> Result<Self, Fault> {
        let logs = || header.digest.logs.iter();
        let claims = logs().filter_map(DigestItem::as_pre_runtime);
        let stamps = logs().filter_map(DigestItem::as_consensus);
        Ok(Self {
            difficulty: PreDigest::find(claims).ok_or(Fault::Claim)?.difficulty,
            timestamp_ms: PostDigest::find(stamps).ok_or(Fault::Stamp)?.timestamp_ms,
        })
    }
}

/// Whether the header ends in a seal that is worth the difficulty, and has no other.
pub fn is_sealed(header: &Header, difficulty: U256) -> bool {
    let mut unsealed = header.clone();
    let Some(DigestItem::Seal(ENGINE_ID, seal)) = unsealed.digest.logs.pop() else {
        return false;
    };
    let has_another = unsealed
        .digest
        .logs
        .iter()
        .any(|item| item.as_seal().is_some());
    let H256(pre_hash) = unsealed.hash();
    !has_another && Seal::from_bytes(&seal).is_some_and(|seal| seal.is_valid(&pre_hash, difficulty))
}
