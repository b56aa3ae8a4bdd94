//! The weight of a block: what its difficulty counts for where chains are compared.
//!
//! ```text
//! weight = min(difficulty, 17/16 * median of the difficulties of the 16 blocks before it)
//! ```
//!
//! A miner chooses its own timestamps, so on a branch of its own it can drive the difficulty up and
//! stake everything on a few heavy blocks, whose luck replaces many confirmations (Bahack, "Theoretical
//! Bitcoin attacks with less than half of the computational power", 2013). Above the cap a block buys
//! no more weight than one that its neighbours would have made. The window is short because a long
//! median undervalues honest blocks while the hash rate grows, which is an attack of its own.

use crate::{Entry, U256};

/// How many blocks the median is of.
pub const MEDIAN_BLOCKS: usize = 16;
/// Position of the lower median among so many sorted values.
const MIDDLE: usize = (MEDIAN_BLOCKS - 1) / 2;
/// How far above the median a block still counts: one part in so many.
pub const EXCESS_PART: u64 = 16;

/// The lower median of the difficulties of the last [`MEDIAN_BLOCKS`] of `window`, which holds consecutive
/// blocks, oldest first. Blocks before the first count as `initial_difficulty`.
pub fn median(window: &[Entry], initial_difficulty: U256) -> U256 {
    let mut difficulties = [initial_difficulty; MEDIAN_BLOCKS];
    for (value, entry) in difficulties.iter_mut().zip(window.iter().rev()) {
        *value = entry.difficulty;
    }
    difficulties.sort_unstable();
    difficulties
        .get(MIDDLE)
        .copied()
        .unwrap_or(initial_difficulty)
}

/// The weight of a block of this difficulty after blocks with this [`median`].
pub fn weight(difficulty: U256, median: U256) -> U256 {
    let excess = median.checked_div(EXCESS_PART.into()).unwrap_or_default();
    difficulty.min(median.saturating_add(excess))
}
