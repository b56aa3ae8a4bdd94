//! Headers of a chain of one's own, for tests.

#![allow(
    clippy::unwrap_used,
    reason = "a mock for tests, which fail by panicking"
)]

use alloc::{vec, vec::Vec};
use codec::Encode;
use fedchain_fl::H256;
use fedchain_pow::{ENGINE_ID, PostDigest, PreDigest, Rules, U256, search, target};
use sp_runtime::{
    Digest, DigestItem,
    traits::{BlakeTwo256, Header as _},
};
use sp_trie::{MemoryDB, TrieMut, trie_types::TrieDBMutBuilderV1};

use crate::{Header, rules_key};

/// A genesis block whose state holds the rules, and their proof.
pub fn genesis(rules: Rules) -> (Header, Vec<Vec<u8>>) {
    genesis_with(rules, &[])
}

/// The same with more values by their keys.
pub fn genesis_with(rules: Rules, more: &[(Vec<u8>, Vec<u8>)]) -> (Header, Vec<Vec<u8>>) {
    let values = [&[(rules_key(), rules.encode())], more].concat();
    let (state_root, nodes) = state(&values);
    let header = Header::new(0, H256::zero(), state_root, H256::zero(), Digest::default());
    (header, nodes)
}

/// The root of a state with these values by their keys, and the trie nodes that prove them.
pub fn state(values: &[(Vec<u8>, Vec<u8>)]) -> (H256, Vec<Vec<u8>>) {
    let mut nodes = MemoryDB::<BlakeTwo256>::default();
    let mut root = H256::zero();
    let mut trie = TrieDBMutBuilderV1::new(&mut nodes, &mut root).build();
    for (key, value) in values {
        trie.insert(key, value).unwrap();
    }
    drop(trie);
    let nodes = nodes.drain().into_values();
    (root, nodes.map(|(node, _)| node).collect())
}

/// What a block's header says of itself.
pub struct Claims {
    /// Hash of the block before.
    pub parent: H256,
    /// The difficulty, which the seal meets.
    pub difficulty: U256,
    /// Its timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    /// Digest items between claim and timestamp.
    pub extra: Vec<DigestItem>,
}

/// A header that was paid for.
pub fn seal(number: u32, claims: Claims) -> Header {
    seal_with(number, claims, H256::zero(), H256::zero())
}

/// The same of a block with these roots of its extrinsics and its state.
pub fn seal_with(number: u32, claims: Claims, extrinsics_root: H256, state_root: H256) -> Header {
    let Claims {
        parent,
        difficulty,
        timestamp_ms,
        extra,
    } = claims;
    let author = [9; 32];
    let mut logs = vec![DigestItem::PreRuntime(
        ENGINE_ID,
        PreDigest { author, difficulty }.encode(),
    )];
    logs.extend(extra);
    let stamp = PostDigest { timestamp_ms }.encode();
    logs.push(DigestItem::Consensus(ENGINE_ID, stamp));
    let digest = Digest { logs };
    let mut header = Header::new(number, extrinsics_root, state_root, parent, digest);
    let H256(pre_hash) = header.hash();
    let goal = target(difficulty).unwrap();
    let seal = search(&pre_hash, goal, 0..u64::MAX).unwrap();
    let item = DigestItem::Seal(ENGINE_ID, seal.encode());
    header.digest.push(item);
    header
}
