//! How far a check looked, and whether that can still change.

use fedchain_fl::H256;
use serde::Serialize;

use super::federation::changed;
use crate::{
    Error,
    chain::{Chain, Head},
};

/// The last block that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Its height.
    pub to: u32,
    /// Its hash.
    pub hash: H256,
    /// Whether it is final, as the node says.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Height of the node's newest final block.
    pub finalised: u32,
}

impl Reach {
    /// Asks the node about the last block that was read.
    ///
    /// # Errors
    /// When the chain took another branch meanwhile, or the node does not answer.
    pub async fn of(chain: &Chain, last: Head) -> Result<Self, Error> {
        let Head { number: to, hash } = last;
        let finalised = chain.finalised().await?.number;
        if chain.block_hash(to).await? != hash {
            return Err(changed());
        }
        Ok(Self {
            to,
            hash,
            is_final: to <= finalised,
            finalised,
        })
    }

    /// On one line.
    pub fn line(&self) -> String {
        let Self { to, hash, .. } = self;
        match self.is_final {
            true => format!("last block {to} {hash:?}, final for this node"),
            false => format!(
                "last block {to} {hash:?}, not final: a fork can still take back the blocks above {}",
                self.finalised
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_above_the_final_one_can_be_taken_back() {
        let reach = |is_final| Reach {
            to: 30,
            hash: H256::repeat_byte(0xab),
            is_final,
            finalised: 22 + 10 * u32::from(is_final),
        };
        let hash = "ab".repeat(32);
        assert_eq!(
            reach(true).line(),
            format!("last block 30 0x{hash}, final for this node")
        );
        assert_eq!(
            reach(false).line(),
            format!(
                "last block 30 0x{hash}, not final: a fork can still take back the blocks above 22"
            )
        );
    }
}
