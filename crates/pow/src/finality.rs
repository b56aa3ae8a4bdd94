//! When a block is final: by the weight on top of it.
//!
//! ```text
//! final  <=>  weight above >= depth * max(median then, median now)
//!         or  blocks above >= 120  and  weight above >= depth * median now
//! ```
//!
//! The median then is what a block cost where the fork would begin, the median now what one costs at
//! the tip. A count alone could be bought cheaply: by light blocks after a rise of the hash rate, by
//! the hashes that left after a fall. The second line is for a falling hash rate only: a node keeps
//! transactions and subscriptions for 128 unfinalised blocks, so finality may not trail for longer.

use crate::U256;

/// From how many blocks above it on a block is judged by the difficulty at the tip alone.
pub const BLOCKS_ABOVE_MAX: u32 = 120;

/// What lies between a block and the best one above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burial {
    /// The weight of all blocks above it, up to the best one.
    pub weight_above: U256,
    /// How many they are.
    pub blocks_above: u32,
    /// The [`crate::median`] before the block.
    pub median_then: U256,
    /// The [`crate::median`] before the best block.
    pub median_now: U256,
}

impl Burial {
    /// Whether the block is final where finality has this depth, in blocks.
    pub fn is_final(&self, depth: u32) -> bool {
        let is_above = |median: U256| self.weight_above >= median.saturating_mul(depth.into());
        is_above(self.median_then.max(self.median_now))
            || (self.blocks_above >= BLOCKS_ABOVE_MAX && is_above(self.median_now))
    }
}
