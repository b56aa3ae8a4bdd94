//! Whether transactions are signed by whom they name: a signature is also over the hash of an older block,
//! so the blocks before matter.

use std::collections::{BTreeMap, VecDeque};

use fedchain_fl::H256;

use crate::{
    Error,
    chain::{
        Chain,
        signature::{Rules, Signed},
    },
};

/// Blocks of the longest era.
const ERA_MAX: usize = 1 << 16;

/// Hashes of the blocks before the one that is read.
#[derive(Debug)]
pub enum Ancestors {
    /// Those of a chain that was followed from its first block on.
    Followed {
        /// The first block.
        genesis: H256,
        /// The newest ones, ending with the parent.
        newest: VecDeque<H256>,
        /// Height of the parent.
        parent: u32,
    },
    /// Those that the node names; a wrong one only makes a signature invalid, unless somebody signed for
    /// a chain with that block.
    Named {
        /// The first block.
        genesis: H256,
        /// Those that were asked for.
        asked: BTreeMap<u32, H256>,
    },
}

impl Ancestors {
    /// Of a chain that is followed from its first block on.
    pub fn followed(genesis: H256) -> Self {
        Self::Followed {
            genesis,
            newest: [genesis].into(),
            parent: 0,
        }
    }

    /// Of a chain whose blocks the node names.
    pub fn named(genesis: H256) -> Self {
        let asked = BTreeMap::new();
        Self::Named { genesis, asked }
    }

    /// Takes the next block.
    pub fn push(&mut self, hash: H256) {
        if let Self::Followed { newest, parent, .. } = self {
            if newest.len() >= ERA_MAX {
                newest.pop_front();
            }
            newest.push_back(hash);
            *parent = parent.saturating_add(1);
        }
    }

    /// Whether a transaction in block `number` was signed by the account that it names.
    ///
    /// # Errors
    /// [`Error::Extension`]; [`Error::Lost`] when the connection broke.
    pub async fn is_signed(
        &mut self,
        chain: &Chain,
        rules: &Rules,
        number: u32,
        signed: &Signed,
    ) -> Result<bool, Error> {
        // Without an era of an earlier block no node takes it.
        let Some(birth) = signed.birth(number).filter(|birth| *birth < number) else {
            return Ok(false);
        };
        let hash = match self.known(birth) {
            Some(hash) => hash,
            None => match self {
                Self::Followed { .. } => return Ok(false),
                Self::Named { asked, .. } => {
                    let hash = chain.block_hash(birth).await?;
                    asked.insert(birth, hash);
                    hash
                }
            },
        };
        signed.is_valid(rules, hash)
    }

    fn known(&self, number: u32) -> Option<H256> {
        match self {
            Self::Followed { genesis, .. } | Self::Named { genesis, .. } if number == 0 => {
                Some(*genesis)
            }
            Self::Named { asked, .. } => asked.get(&number).copied(),
            Self::Followed { newest, parent, .. } => {
                let back = parent.checked_sub(number)? as usize;
                newest.iter().rev().nth(back).copied()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn followed_blocks_are_known_as_long_as_an_era_lasts() {
        let hash = |number: u32| H256::from_low_u64_be(number.into());
        let mut ancestors = Ancestors::followed(hash(0));
        let last = ERA_MAX as u32 + 10;
        for number in 1..=last {
            ancestors.push(hash(number));
        }
        for number in [0, 11, 12, last - 1, last] {
            assert_eq!(ancestors.known(number), Some(hash(number)), "{number}");
        }
        for number in [1, 10, last + 1] {
            assert_eq!(ancestors.known(number), None, "{number}");
        }
    }
}
