//! Merkle root over chunks.
//!
//! `leaf = H(tag, index, bytes)`, `node = H(tag, left, right)`, a node without a sibling moves up
//! as it is, and `root = H(tag, leaf count, top)`. Tags and the bound count make second preimages
//! by reinterpreting nodes as leaves impossible.

use alloc::vec::Vec;
use codec::Encode;
use fedchain_fl::{H256, limits::CHUNK_BYTES};
use sp_crypto_hashing::blake2_256;

/// Root of a model's or an update's canonical bytes, in chunks of [`CHUNK_BYTES`].
pub fn values_root(bytes: &[u8]) -> H256 {
    root(bytes.chunks(CHUNK_BYTES as usize))
}

/// Root of any leaves, in order.
pub(crate) fn root<'a>(leaves: impl Iterator<Item = &'a [u8]>) -> H256 {
    let mut level: Vec<H256> = leaves
        .zip(0u32..)
        .map(|(bytes, index)| leaf(index, bytes))
        .collect();
    let leaf_count = level.len() as u32;
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => H256(blake2_256(&(b"fedchain/node", left, right).encode())),
                rest => rest.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    let top = level.first().copied().unwrap_or_default();
    H256(blake2_256(&(b"fedchain/root", leaf_count, top).encode()))
}

fn leaf(index: u32, bytes: &[u8]) -> H256 {
    let mut preimage = (b"fedchain/leaf", index).encode();
    preimage.extend_from_slice(bytes);
    H256(blake2_256(&preimage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let chunk = CHUNK_BYTES as usize;
        for length in [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 5 * chunk + 7] {
            let bytes = vec![7; length];
            let original = values_root(&bytes);
            assert_ne!(
                original,
                values_root(&[bytes.as_slice(), &[0]].concat()),
                "{length}"
            );
            for place in [0, length / 2, length.saturating_sub(1)] {
                let mut changed = bytes.clone();
                if let Some(byte) = changed.get_mut(place) {
                    *byte ^= 1;
                    assert_ne!(original, values_root(&changed), "{place} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_node_is_no_leaf() {
        let (a, b) = ([1u8; 4].as_slice(), [2u8; 4].as_slice());
        let inner = [leaf(0, a), leaf(1, b)].concat_bytes();
        assert_ne!(
            root([a, b].into_iter()),
            root([inner.as_slice()].into_iter())
        );
    }

    trait ConcatBytes {
        fn concat_bytes(&self) -> Vec<u8>;
    }

    impl ConcatBytes for [H256; 2] {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter().flat_map(|hash| hash.0).collect()
        }
    }
}
