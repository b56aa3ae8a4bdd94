//! What the strategy asks of the blocks that the node has executed.

use super::Head;
use crate::headers::Headers;
use fedchain_pow::{HeaderChain, U256};
use fedchain_runtime::Hash;
use log::error;
use sp_blockchain::Result;

/// The node's own blocks.
///
/// A database that fails to answer is taken as one that does not have the block: the import notices
/// and ends the node.
pub trait Ledger: Send {
    /// The best block.
    fn best(&self) -> Head;
    /// The newest final block.
    fn finalised(&self) -> Head;
    /// The block of a height on the best chain.
    fn canonical(&self, number: u32) -> Option<Hash>;
    /// The height of a block that was executed.
    fn number(&self, hash: Hash) -> Option<u32>;
    /// The weight of the chain up to a block that was executed.
    fn weight(&self, hash: Hash) -> Option<U256>;
    /// The chain of headers up to a block that was executed.
    fn chain_at(&self, hash: Hash) -> Option<HeaderChain>;
    /// The newest block of the best chain among a block that was executed and its ancestors.
    fn common(&self, hash: Hash) -> Option<Head>;
    /// The height from which on this node has watched the chain grow; below it, it was told. None if it
    /// has not watched any of it yet.
    fn witness(&self) -> Option<u32>;
}

impl Ledger for Headers {
    fn best(&self) -> Head {
        Headers::best(self)
    }

    fn finalised(&self) -> Head {
        Headers::finalised(self)
    }

    fn canonical(&self, number: u32) -> Option<Hash> {
        or_none(Headers::canonical(self, number))
    }

    fn number(&self, hash: Hash) -> Option<u32> {
        or_none(Headers::number(self, hash))
    }

    fn weight(&self, hash: Hash) -> Option<U256> {
        or_none(Headers::weight(self, hash))
    }

    fn chain_at(&self, hash: Hash) -> Option<HeaderChain> {
        or_none(Headers::chain_at(self, hash))
    }

    fn common(&self, hash: Hash) -> Option<Head> {
        or_none(Headers::common(self, hash))
    }

    fn witness(&self) -> Option<u32> {
        or_none(Headers::witness(self))
    }
}

fn or_none<T>(answer: Result<Option<T>>) -> Option<T> {
    answer.unwrap_or_else(|failure| {
        error!(target: super::LOG_TARGET, "the database fails: {failure}");
        None
    })
}
