//! Headers without blocks, made when somebody asks for them.

use std::collections::HashMap;

use anyhow::Result;
use codec::Encode;
use fedchain_pow::{ENGINE_ID, HeaderChain, PostDigest, U256};
use fedchain_runtime::{Hash, Header};
use sp_runtime::{Digest, DigestItem};

use crate::{
    seal::{HOSTILE, claim, seal},
    workshop::{SLOW, now_ms},
};

/// How far ahead of what there is somebody may ask.
const AHEAD_MAX: u32 = 65_536;

/// A chain of headers from the genesis block on that goes on for as long as somebody asks: each valid,
/// none of them worth much.
pub struct Forgery {
    chain: HeaderChain,
    headers: Vec<Header>,
    numbers: HashMap<Hash, u32>,
}

impl Forgery {
    /// A forgery that begins with a genesis block.
    pub fn new(genesis: HeaderChain) -> Self {
        Self {
            chain: genesis,
            headers: vec![],
            numbers: HashMap::new(),
        }
    }

    /// The header of a height; none for the genesis block and for those of the future.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn header(&mut self, number: u32) -> Result<Option<Header>> {
        let Some(index) = number.checked_sub(1) else {
            return Ok(None);
        };
        while self.chain.number() < number {
            let spacing_ms = SLOW * self.chain.rules().block_time_ms;
            let stamp_ms = self.chain.timestamp_ms() + spacing_ms;
            if number - self.chain.number() > AHEAD_MAX || stamp_ms > now_ms()? {
                return Ok(None);
            }
            let (parent, difficulty) = (self.chain.hash(), self.chain.difficulty());
            let header = forge(self.chain.number() + 1, parent, difficulty, stamp_ms)?;
            self.chain.follow(&header)?;
            self.numbers.insert(self.chain.hash(), self.chain.number());
            self.headers.push(header);
        }
        Ok(self.headers.get(index as usize).cloned())
    }

    /// The height of a header.
    pub fn number(&self, hash: Hash) -> Option<u32> {
        self.numbers.get(&hash).copied()
    }
}

/// A sealed header of a block that there is not.
///
/// # Errors
/// When it cannot be sealed.
pub fn forge(number: u32, parent_hash: Hash, difficulty: U256, stamp_ms: u64) -> Result<Header> {
    let stamp = PostDigest {
        timestamp_ms: stamp_ms,
    };
    let mut header = Header {
        number,
        parent_hash,
        state_root: Hash::zero(),
        extrinsics_root: Hash::zero(),
        digest: Digest {
            logs: vec![
                claim(HOSTILE, difficulty),
                DigestItem::Consensus(ENGINE_ID, stamp.encode()),
            ],
        },
    };
    let seal = seal(&header, difficulty)?;
    header.digest.push(seal);
    Ok(header)
}
