//! A branch of headers that a peer has shown.

use super::{Head, ledger::Ledger};
use fedchain_pow::{Fault, Header, HeaderChain, U256};
use fedchain_runtime::Hash;

/// Headers per request, and per segment of a branch.
pub const SEGMENT_BLOCKS: u32 = 128;

/// Consecutive blocks, known by the hash of the newest: their headers are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Height of the oldest.
    pub first: u32,
    /// How many.
    pub blocks: u32,
    /// Hash of the newest.
    pub top: Hash,
}

impl Segment {
    /// Height of the newest.
    pub fn last(&self) -> u32 {
        self.first.saturating_add(self.blocks).saturating_sub(1)
    }
}

/// Headers on top of a block that this node has executed, each checked. It takes 32 bytes for 128 of
/// them, beside what the next check needs.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The executed block that it begins on.
    pub fork: Head,
    /// The newest ancestor of `fork`, or it, that lies on this node's best chain.
    pub common: Head,
    /// Weight of the chain up to `common`.
    pub common_weight: U256,
    /// Timestamp of `common`, in milliseconds since the Unix epoch.
    pub common_time_ms: u64,
    /// The chain up to its newest header.
    pub chain: HeaderChain,
    /// Its blocks above `fork`, oldest first.
    pub segments: Vec<Segment>,
    /// How many of its headers lie below the first that outweighs the best chain of the time when it
    /// was checked; none as long as none does.
    pub light: Option<u32>,
}

impl Branch {
    /// A branch without headers on an executed block; none if this node does not have it.
    pub fn on(ledger: &impl Ledger, hash: Hash) -> Option<Self> {
        let common = ledger.common(hash)?;
        let chain = ledger.chain_at(hash)?;
        let below = ledger.chain_at(common.hash)?;
        Some(Self {
            fork: Head {
                number: chain.number(),
                hash,
            },
            common,
            common_weight: below.weight(),
            common_time_ms: below.timestamp_ms(),
            chain,
            segments: Vec::new(),
            light: None,
        })
    }

    /// The newest header.
    pub fn tip(&self) -> Head {
        Head {
            number: self.chain.number(),
            hash: self.chain.hash(),
        }
    }

    /// Headers above the executed block.
    pub fn headers(&self) -> u32 {
        self.chain.number().saturating_sub(self.fork.number)
    }

    /// Its weight above the newest block that it shares with the best chain.
    pub fn weight_since(&self) -> U256 {
        self.chain.weight().saturating_sub(self.common_weight)
    }

    /// Headers above the newest block that it shares with the best chain.
    pub fn headers_since(&self) -> u32 {
        self.chain.number().saturating_sub(self.common.number)
    }

    /// Takes the next header; `best` is the weight of this node's best chain.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn follow(&mut self, header: &Header, best: U256) -> Result<(), Fault> {
        let before = self.headers();
        self.chain.follow(header)?;
        let top = self.chain.hash();
        match self.segments.last_mut() {
            Some(segment) if segment.blocks < SEGMENT_BLOCKS => {
                segment.blocks = segment.blocks.saturating_add(1);
                segment.top = top;
            }
            _ => self.segments.push(Segment {
                first: header.number,
                blocks: 1,
                top,
            }),
        }
        if self.light.is_none() && self.chain.weight() > best {
            self.light = Some(before);
        }
        Ok(())
    }
}
