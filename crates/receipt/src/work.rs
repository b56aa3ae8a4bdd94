//! Headers that were paid for, from the first block on.

use alloc::vec::Vec;
use codec::DecodeAll;
use fedchain_fl::H256;
use fedchain_pow::{
    ENGINE_ID, Entry, PostDigest, PreDigest, Rules, Seal, U256, WINDOW_ENTRIES_MAX, retarget,
};
use sp_runtime::DigestItem;

use crate::{Fault, Header, read_state, storage_key};

/// The storage key under which the genesis state holds the difficulty's rules.
pub fn rules_key() -> Vec<u8> {
    storage_key("Difficulty", "Rules")
}

/// The work of a chain of headers, each checked against those before it.
#[derive(Debug, Clone)]
pub struct Work {
    rules: Rules,
    window: Vec<Entry>,
    total: U256,
}

impl Work {
    /// No work yet; `proof` holds the trie nodes that prove the rules of the genesis state. None when
    /// it does not.
    pub fn new(genesis: &Header, proof: &[Vec<u8>]) -> Option<Self> {
        let value = read_state(genesis, proof, &rules_key()).ok()??;
        let rules = Rules::decode_all(&mut value.as_slice()).ok()?;
        let (window, total) = (Vec::new(), U256::zero());
        Some(Self {
            rules,
            window,
            total,
        })
    }

    /// The sum of the difficulties of all blocks.
    pub fn total(&self) -> U256 {
        self.total
    }

    /// Takes the next header; the first is that of block 1.
    ///
    /// # Errors
    /// All of [`Fault`] but those of [`crate::Links`], which has to look at the header as well.
    pub fn follow(&mut self, header: &Header) -> Result<(), Fault> {
        let logs = || header.digest.logs.iter();
        let claims = logs().filter_map(DigestItem::as_pre_runtime);
        let found = PreDigest::find(claims).ok_or(Fault::Claim)?.difficulty;
        let stamps = logs().filter_map(DigestItem::as_consensus);
        let timestamp_ms = PostDigest::find(stamps).ok_or(Fault::Stamp)?.timestamp_ms;

        let expected = self.difficulty();
        if found != expected {
            return Err(Fault::Difficulty { expected, found });
        }
        let difficulty = found;
        let parent = self.window.last().map_or(0, |entry| entry.timestamp_ms);
        if timestamp_ms <= parent {
            let found = timestamp_ms;
            return Err(Fault::Time { parent, found });
        }
        if !is_sealed(header.clone(), difficulty) {
            return Err(Fault::Seal { difficulty });
        }
        if self.window.len() >= WINDOW_ENTRIES_MAX as usize {
            self.window.remove(0);
        }
        self.window.push(Entry {
            timestamp_ms,
            difficulty,
        });
        self.total = self.total.saturating_add(difficulty);
        Ok(())
    }

    /// The difficulty of the next block.
    fn difficulty(&self) -> U256 {
        let Rules {
            block_time_ms,
            bounds,
            initial_difficulty,
        } = self.rules;
        self.window.last().map_or(initial_difficulty, |newest| {
            retarget(&self.window, newest.difficulty, block_time_ms, bounds)
        })
    }
}

/// Whether the header ends in a seal that is worth the difficulty, and has no other.
fn is_sealed(mut header: Header, difficulty: U256) -> bool {
    let Some(DigestItem::Seal(ENGINE_ID, seal)) = header.digest.logs.pop() else {
        return false;
    };
    let has_another = header
        .digest
        .logs
        .iter()
        .any(|item| item.as_seal().is_some());
    let H256(pre_hash) = header.hash();
    !has_another && Seal::from_bytes(&seal).is_some_and(|seal| seal.is_valid(&pre_hash, difficulty))
}
