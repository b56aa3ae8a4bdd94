//! A chain of headers, checked without executing a block.

use crate::{
    Claim, Entry, Fault, Header, Rules, U256, WINDOW_ENTRIES_MAX, is_sealed, median, retarget,
    weight,
};
use alloc::vec::Vec;
use primitive_types::H256;

/// How far ahead of its clock a node takes a block, in milliseconds, however long the block time is:
/// beyond it the runtime's own check of the timestamp fails.
const AHEAD_MS_MAX: u64 = 30_000;

/// A chain of headers, each checked against those before it. It keeps what the next check needs: the
/// newest [`WINDOW_ENTRIES_MAX`] difficulties and timestamps, and the weight.
///
/// Node, receipts and audits share it, so that none of them takes a header that another refuses. The
/// runtime refuses a block whose header claims another difficulty or timestamp than its state says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChain {
    rules: Rules,
    number: u32,
    hash: H256,
    window: Vec<Entry>,
    weight: U256,
}

impl HeaderChain {
    /// A chain of the genesis block alone.
    pub fn new(rules: Rules, genesis: H256) -> Self {
        Self {
            rules,
            number: 0,
            hash: genesis,
            window: Vec::new(),
            weight: U256::zero(),
        }
    }

    /// A chain whose headers were checked before: `newest` holds the last [`WINDOW_ENTRIES_MAX`] of
    /// them, oldest first, or all but the genesis block's if they are fewer. `weight` is the sum up to
    /// its tip.
    ///
    /// # Errors
    /// [`Fault::Claim`], [`Fault::Stamp`] if a header was never checked.
    pub fn resume(
        rules: Rules,
        genesis: H256,
        newest: &[Header],
        weight: U256,
    ) -> Result<Self, Fault> {
        let mut chain = Self::new(rules, genesis);
        for header in newest {
            chain.push(Claim::read(header)?);
        }
        if let Some(tip) = newest.last() {
            (chain.number, chain.hash) = (tip.number, tip.hash());
        }
        chain.weight = weight;
        Ok(chain)
    }

    /// What the chain fixed at genesis.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Height of the tip.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Hash of the tip.
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// The sum of the [weights](crate::weight) of all blocks: what the chain counts for beside another,
    /// and the least number of hashes that it took on average to make it.
    pub fn weight(&self) -> U256 {
        self.weight
    }

    /// The difficulty that the next header must claim.
    pub fn difficulty(&self) -> U256 {
        let rules = &self.rules;
        self.window
            .last()
            .map_or(rules.initial_difficulty, |newest| {
                retarget(
                    &self.window,
                    newest.difficulty,
                    rules.block_time_ms,
                    rules.bounds,
                )
            })
    }

    /// The [`median`] before the next header.
    pub fn median(&self) -> U256 {
        median(&self.window, self.rules.initial_difficulty)
    }

    /// Timestamp of the tip, in milliseconds since the Unix epoch.
    pub fn timestamp_ms(&self) -> u64 {
        self.window
            .last()
            .map_or(self.rules.genesis_time_ms, |newest| newest.timestamp_ms)
    }

    /// When the tip is due, in milliseconds since the Unix epoch: two block times before its timestamp,
    /// but at most [`AHEAD_MS_MAX`]. A clock may be a little fast; nodes hold an earlier block back.
    pub fn due_ms(&self) -> u64 {
        let ahead = self.rules.block_time_ms.saturating_mul(2);
        self.timestamp_ms().saturating_sub(ahead.min(AHEAD_MS_MAX))
    }

    /// Difficulty of the tip; zero for the genesis block.
    pub fn tip_difficulty(&self) -> U256 {
        self.window
            .last()
            .map_or(U256::zero(), |newest| newest.difficulty)
    }

    /// The earliest timestamp of the next header, in milliseconds since the Unix epoch.
    pub fn timestamp_ms_min(&self) -> u64 {
        self.timestamp_ms()
            .saturating_add(self.rules.min_spacing_ms.max(1))
    }

    /// Takes the next header.
    ///
    /// # Errors
    /// What is wrong with it in this place; the chain is as before.
    pub fn follow(&mut self, header: &Header) -> Result<(), Fault> {
        let expected = u64::from(self.number).saturating_add(1);
        if u64::from(header.number) != expected {
            let found = header.number;
            return Err(Fault::Number { expected, found });
        }
        if header.parent_hash != self.hash {
            let (expected, found) = (self.hash, header.parent_hash);
            return Err(Fault::Parent { expected, found });
        }
        let claim = Claim::read(header)?;
        let earliest = self.timestamp_ms_min();
        if claim.timestamp_ms < earliest {
            let found = claim.timestamp_ms;
            return Err(Fault::Time { earliest, found });
        }
        let difficulty = self.difficulty();
        if claim.difficulty != difficulty {
            let (expected, found) = (difficulty, claim.difficulty);
            return Err(Fault::Difficulty { expected, found });
        }
        if !is_sealed(header, difficulty) {
            return Err(Fault::Seal { difficulty });
        }
        let weight = weight(difficulty, self.median());
        self.push(claim);
        self.weight = self.weight.saturating_add(weight);
        (self.number, self.hash) = (header.number, header.hash());
        Ok(())
    }

    fn push(&mut self, claim: Claim) {
        if self.window.len() >= WINDOW_ENTRIES_MAX as usize {
            self.window.remove(0);
        }
        self.window.push(Entry {
            timestamp_ms: claim.timestamp_ms,
            difficulty: claim.difficulty,
        });
    }
}
