//! A model or an update in parts that each prove their place.
//!
//! An update that is too large for one transaction travels as parts of whole chunks. From a part and
//! its proof follows the root of the whole, and with it the commitment: no part needs another one,
//! nor anything kept of an earlier one, to be checked.

use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_fl::{
    H256,
    limits::{CHUNK_BYTES, CHUNKS_MAX, PART_BYTES_MAX, PART_CHUNKS_MAX},
};
use scale_info::TypeInfo;

use crate::merkle::{Range, Tree};

/// Hashes in a proof, at most: a neighbour at each side on every level.
pub const PROOF_MAX: u32 = 2 * CHUNKS_MAX.ilog2();

/// Some chunks of a model or an update.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Part {
    /// Index of the first chunk.
    #[codec(compact)]
    pub first: u32,
    /// Canonical bytes of the values: whole chunks, only the last of a model may be shorter.
    pub values: BoundedVec<u8, ConstU32<PART_BYTES_MAX>>,
    /// Neighbours in the Merkle tree: level by level from the leaves up, left before right.
    pub proof: BoundedVec<H256, ConstU32<PROOF_MAX>>,
}

impl Part {
    /// Root of the whole of `total_bytes` bytes that this is a part of; `None` when it cannot be.
    pub fn root(&self, tree: Tree, total_bytes: u32) -> Option<H256> {
        let range = Range::new(total_bytes.div_ceil(CHUNK_BYTES), self.first, self.chunks())?;
        range.root(
            tree,
            tree.chunk_leaves(self.first, &self.values),
            &self.proof,
        )
    }

    /// Number of chunks.
    pub fn chunks(&self) -> u32 {
        (self.values.len() as u32).div_ceil(CHUNK_BYTES)
    }
}

impl Tree {
    /// Cuts the canonical bytes of a whole into parts as large as possible, in order.
    pub fn parts(self, bytes: &[u8]) -> Vec<Part> {
        let leaves = self.chunk_leaves(0, bytes);
        (0..)
            .step_by(PART_CHUNKS_MAX as usize)
            .zip(bytes.chunks(PART_BYTES_MAX as usize))
            .map(|(first, values)| {
                let chunks = (values.len() as u32).div_ceil(CHUNK_BYTES);
                let proof = Range::new(leaves.len() as u32, first, chunks)
                    .and_then(|range| range.proof(self, &leaves))
                    .unwrap_or_default();
                Part {
                    first,
                    values: BoundedVec::truncate_from(values.to_vec()),
                    proof: BoundedVec::truncate_from(proof),
                }
            })
            .collect()
    }
}

/// The parts of a model or an update, see [`Tree::parts`].
pub fn parts(bytes: &[u8]) -> Vec<Part> {
    Tree::Values.parts(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: Tree = Tree::Holdout;

    #[test]
    fn each_part_has_the_root_of_the_whole() {
        let part = PART_BYTES_MAX as usize;
        for length in [1, 12, part - 1, part, part + 1, 3 * part + 20_000] {
            let bytes: Vec<u8> = (0..length).map(|place| (place / 7) as u8).collect();
            let parts = TREE.parts(&bytes);
            assert_eq!(parts.len(), length.div_ceil(part));
            let joined: Vec<u8> = parts.iter().flat_map(|part| part.values.to_vec()).collect();
            assert_eq!(joined, bytes);
            for part in parts {
                assert_eq!(part.root(TREE, length as u32), Some(TREE.root_of(&bytes)));
                assert_ne!(
                    Part {
                        first: part.first + 1,
                        ..part
                    }
                    .root(TREE, length as u32),
                    Some(TREE.root_of(&bytes))
                );
            }
        }
    }
}
