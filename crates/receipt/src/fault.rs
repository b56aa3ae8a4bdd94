//! What can be wrong with a header in its place.

use fedchain_fl::H256;
use fedchain_pow::U256;

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
    /// Time does not run backwards.
    #[error("it is stamped {found} ms, no later than the block before it, {parent} ms")]
    Time {
        /// Timestamp of the block before.
        parent: u64,
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
