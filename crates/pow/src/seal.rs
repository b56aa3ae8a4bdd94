//! The seal: a nonce, and the test that it was paid for.

use codec::{Decode, DecodeAll, Encode};
use core::ops::Range;
use primitive_types::U256;
use sp_crypto_hashing::blake2_256;

const PRE_HASH_BYTES: usize = 32;

/// What a miner adds to a header: 8 bytes, a little-endian nonce.
///
/// 64 bits are more than any machine searches in the life of one template, and a new template
/// (another timestamp, another transaction) opens the whole range again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Seal {
    /// The number that was searched for.
    pub nonce: u64,
}

impl Seal {
    /// Decodes a seal; `None` unless it is exactly 8 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::decode_all(&mut &*bytes).ok()
    }

    /// The work of this seal on a header: lower is rarer.
    pub fn work(&self, pre_hash: &[u8; PRE_HASH_BYTES]) -> U256 {
        let mut input = input_for(pre_hash);
        set_nonce(&mut input, self.nonce);
        U256::from_big_endian(&blake2_256(&input))
    }

    /// Whether this seal was worth `difficulty` hashes on average.
    pub fn is_valid(&self, pre_hash: &[u8; PRE_HASH_BYTES], difficulty: U256) -> bool {
        is_met(self.work(pre_hash), difficulty)
    }
}

/// What is hashed: the pre-hash, then the nonce.
type Input = [u8; PRE_HASH_BYTES + size_of::<u64>()];

fn input_for(pre_hash: &[u8; PRE_HASH_BYTES]) -> Input {
    let mut input = [0; _];
    let (head, _): (&mut [u8], _) = input.split_at_mut(PRE_HASH_BYTES);
    head.copy_from_slice(pre_hash);
    input
}

fn set_nonce(input: &mut Input, nonce: u64) {
    let (_, tail) = input.split_at_mut(PRE_HASH_BYTES);
    tail.copy_from_slice(&nonce.to_le_bytes());
}

/// Whether `work * difficulty` fits in 256 bits. No work meets a difficulty of zero.
pub fn is_met(work: U256, difficulty: U256) -> bool {
    target(difficulty).is_some_and(|target| work <= target)
}

/// The largest work that meets `difficulty`; `None` for a difficulty of zero.
pub fn target(difficulty: U256) -> Option<U256> {
    U256::MAX.checked_div(difficulty)
}

/// The first seal of `nonces` whose work is at most `target`.
pub fn search(pre_hash: &[u8; PRE_HASH_BYTES], target: U256, nonces: Range<u64>) -> Option<Seal> {
    let mut input = input_for(pre_hash);
    let U256([.., target_leading]) = target;
    nonces.map(|nonce| Seal { nonce }).find(|seal| {
        set_nonce(&mut input, seal.nonce);
        let hash = blake2_256(&input);
        // Almost every hash is too large by its first 64 bits alone.
        let leading = hash
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        leading <= target_leading && U256::from_big_endian(&hash) <= target
    })
}
