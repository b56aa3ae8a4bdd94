//! What can be wrong with a header in its place.

use primitive_types::{H256, U256};

/// Why a header cannot follow the one before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Blocks are missing or out of order.
    #[error("its number is {found}, but {expected} was due")]
    Number {
        /// The number that was due.
        expected: u64,
        /// The header's.
        found: u32,
    },
    /// It belongs to another chain.
    #[error("it names the parent {found:?}, but the block before it is {expected:?}")]
    Parent {
        /// Hash of the header before it.
        expected: H256,
        /// The hash that it names.
        found: H256,
    },
    /// The pre-runtime item is missing, or there are several.
    #[error("it does not say, in one pre-runtime item, who mined it at which difficulty")]
    Claim,
    /// The timestamp is missing, or there are several.
    #[error("it does not say, in one consensus item, when it was made")]
    Stamp,
    /// Blocks keep a distance from the one before, and the first one from the time of genesis.
    #[error(
        "it is stamped {found} ms, but {earliest} ms is the earliest after the block before it"
    )]
    Time {
        /// The earliest timestamp.
        earliest: u64,
        /// The header's.
        found: u64,
    },
    /// The difficulty is not what the retarget rule makes of the blocks before.
    #[error("it claims the difficulty {found}, but {expected} follows from the blocks before it")]
    Difficulty {
        /// By the rule.
        expected: U256,
        /// The header's.
        found: U256,
    },
    /// The seal is missing, malformed, or not worth the difficulty.
    #[error("its seal was not paid for at the difficulty {difficulty}")]
    Seal {
        /// What the seal should be worth.
        difficulty: U256,
    },
}
