//! Headers that were paid for, from the first block on.

use alloc::vec::Vec;
use codec::DecodeAll;
use fedchain_pow::{HeaderChain, Rules};

use crate::{Header, read_state, storage_key};

/// The storage key under which the genesis state holds the difficulty's rules.
pub fn rules_key() -> Vec<u8> {
    storage_key("Difficulty", "Rules")
}

/// A chain of the genesis block alone, by the rules that `proof`, trie nodes of the genesis state,
/// proves. None when it does not.
pub fn chain_from(genesis: &Header, proof: &[Vec<u8>]) -> Option<HeaderChain> {
    let value = read_state(genesis, proof, &rules_key()).ok()??;
    let rules = Rules::decode_all(&mut value.as_slice()).ok()?;
    Some(HeaderChain::new(rules, genesis.hash()))
}
