//! Merkle root over chunks.
//!
//! `leaf = H(tag, index, bytes)`, `node = H(tag, left, right)`, a node without a sibling moves up
//! as it is, and `root = H(tag, leaf count, top)`. Tags and the bound count make second preimages
//! by reinterpreting nodes as leaves impossible; each kind of tree has tags of its own.

use alloc::vec::Vec;
use codec::Encode;
use fedchain_fl::{H256, limits::CHUNK_BYTES};
use sp_crypto_hashing::blake2_256;

/// What a tree is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// The chunks of a model, of an update or of moments.
    Values,
    /// The chunks of a holdout.
    Holdout,
    /// The updates that a server model was made of.
    Accepted,
}

impl Tree {
    /// Hash of one leaf in its place.
    pub fn leaf(self, index: u32, bytes: &[u8]) -> H256 {
        let mut preimage = self.tagged(b"/leaf", index);
        preimage.extend_from_slice(bytes);
        H256(blake2_256(&preimage))
    }

    /// Root over the hashes of all leaves, in order.
    pub fn root(self, leaves: Vec<H256>) -> H256 {
        let leaf_count = leaves.len() as u32;
        let mut level = leaves;
        while level.len() > 1 {
            level = self.parents(&level);
        }
        self.seal(leaf_count, level.first().copied().unwrap_or_default())
    }

    /// Root of canonical bytes, in chunks of [`CHUNK_BYTES`].
    pub fn root_of(self, bytes: &[u8]) -> H256 {
        self.root(self.chunk_leaves(0, bytes))
    }

    /// Hashes of the chunks of `bytes`, the first of which is chunk `first` of the whole.
    pub(crate) fn chunk_leaves(self, first: u32, bytes: &[u8]) -> Vec<H256> {
        bytes
            .chunks(CHUNK_BYTES as usize)
            .zip(first..)
            .map(|(bytes, index)| self.leaf(index, bytes))
            .collect()
    }

    fn parents(self, level: &[H256]) -> Vec<H256> {
        level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => H256(blake2_256(&self.tagged(b"/node", (left, right)))),
                rest => rest.first().copied().unwrap_or_default(),
            })
            .collect()
    }

    fn seal(self, leaf_count: u32, top: H256) -> H256 {
        H256(blake2_256(&self.tagged(b"/root", (leaf_count, top))))
    }

    fn tagged(self, place: &[u8; 5], fields: impl Encode) -> Vec<u8> {
        let kind: &[u8] = match self {
            Self::Values => b"fedchain",
            Self::Holdout => b"fedchain/holdout",
            Self::Accepted => b"fedchain/accepted",
        };
        let mut bytes = [kind, place].concat();
        fields.encode_to(&mut bytes);
        bytes
    }
}

/// Root of a model's or an update's canonical bytes, see [`Tree::root_of`].
pub fn values_root(bytes: &[u8]) -> H256 {
    Tree::Values.root_of(bytes)
}

/// A run of nodes on one level of the tree.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    width: u32,
    first: u32,
    end: u32,
}

impl Range {
    /// `count` nodes from `first` on among `width`; none when that is empty or goes beyond the end.
    pub fn new(width: u32, first: u32, count: u32) -> Option<Self> {
        let end = first.checked_add(count)?;
        (count > 0 && end <= width).then_some(Self { width, first, end })
    }

    /// Root of the tree whose `leaves` in this range are known, if `proof` holds the missing
    /// neighbours: level by level from the leaves up, left before right. None when the proof has not
    /// the right length.
    pub fn root(self, tree: Tree, leaves: Vec<H256>, proof: &[H256]) -> Option<H256> {
        let mut range = self;
        let mut level = leaves;
        let mut proof = proof.iter().copied();
        while range.width > 1 {
            if range.lacks_left() {
                level.insert(0, proof.next()?);
            }
            if range.lacks_right() {
                level.push(proof.next()?);
            }
            level = tree.parents(&level);
            range = range.up();
        }
        let top = level.first().copied()?;
        proof.next().is_none().then(|| tree.seal(self.width, top))
    }

    /// The proof that [`Self::root`] needs, from all leaves of the tree.
    pub fn proof(self, tree: Tree, leaves: &[H256]) -> Option<Vec<H256>> {
        let mut range = self;
        let mut level = leaves.to_vec();
        let mut proof = Vec::new();
        while range.width > 1 {
            if range.lacks_left() {
                proof.push(*level.get(range.first.checked_sub(1)? as usize)?);
            }
            if range.lacks_right() {
                proof.push(*level.get(range.end as usize)?);
            }
            level = tree.parents(&level);
            range = range.up();
        }
        Some(proof)
    }

    fn lacks_left(&self) -> bool {
        !self.first.is_multiple_of(2)
    }

    fn lacks_right(&self) -> bool {
        !self.end.is_multiple_of(2) && self.end < self.width
    }

    fn up(&self) -> Self {
        Self {
            width: self.width.div_ceil(2),
            first: self.first / 2,
            end: self.end.div_ceil(2),
        }
    }
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
        let tree = Tree::Values;
        let leaves = vec![tree.leaf(0, a), tree.leaf(1, b)];
        let inner = [leaves[0], leaves[1]].concat_bytes();
        assert_ne!(
            tree.root(leaves),
            tree.root(vec![tree.leaf(0, inner.as_slice())])
        );
    }

    #[test]
    fn no_tree_is_another() {
        let trees = [Tree::Values, Tree::Holdout, Tree::Accepted];
        let same = H256::repeat_byte(1);
        let hashes = trees.map(|tree| {
            let [leaf, node] = [tree.leaf(0, &same.0), tree.parents(&[same, same])[0]];
            [leaf, node, tree.seal(0, same)]
        });
        let hashes = hashes.concat();
        for (place, hash) in hashes.iter().enumerate() {
            assert!(!hashes[place + 1..].contains(hash), "{place}");
        }
        // Model roots never change.
        assert_eq!(
            values_root(&[7; 3]),
            H256(blake2_256(
                &(
                    b"fedchain/root",
                    1u32,
                    blake2_256(b"fedchain/leaf\0\0\0\0\x07\x07\x07")
                )
                    .encode()
            ))
        );
    }

    #[test]
    fn every_range_proves_itself_and_nothing_else() {
        let tree = Tree::Holdout;
        for width in 1..=9u32 {
            let leaves: Vec<H256> = (0..width).map(|index| tree.leaf(index, &[9])).collect();
            let whole = tree.root(leaves.clone());
            for first in 0..width {
                for end in first + 1..=width {
                    let range = Range::new(width, first, end - first).unwrap();
                    let known = leaves[first as usize..end as usize].to_vec();
                    let proof = range.proof(tree, &leaves).unwrap();
                    let found = range.root(tree, known.clone(), &proof);
                    assert_eq!(found, Some(whole), "{first}..{end} of {width}");
                    let longer = [proof.as_slice(), &[H256::zero()]].concat();
                    assert_eq!(range.root(tree, known.clone(), &longer), None);
                    for place in 0..known.len() {
                        let mut wrong = known.clone();
                        wrong[place].0[0] ^= 1;
                        assert_ne!(range.root(tree, wrong, &proof), Some(whole));
                    }
                    for place in 0..proof.len() {
                        let mut wrong = proof.clone();
                        wrong[place].0[0] ^= 1;
                        assert_ne!(range.root(tree, known.clone(), &wrong), Some(whole));
                    }
                }
            }
            assert!(Range::new(width, 0, 0).is_none());
            assert!(Range::new(width, width, 1).is_none());
            assert!(Range::new(width, u32::MAX, 1).is_none());
        }
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
