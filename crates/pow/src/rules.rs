//! What a chain fixes at genesis about its difficulty.

use crate::Bounds;
use codec::{Decode, Encode, MaxEncodedLen};
use primitive_types::U256;
use scale_info::TypeInfo;

/// All that [`crate::retarget`] needs beside the blocks: with these, whoever has the headers can
/// compute every difficulty anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Rules {
    /// The difficulty of block 1.
    pub initial_difficulty: U256,
    /// The time between blocks to aim at, in milliseconds.
    pub block_time_ms: u64,
    /// Between which values the difficulty stays.
    pub bounds: Bounds,
    /// When the chain began, in milliseconds since the Unix epoch: no block is stamped earlier.
    pub genesis_time_ms: u64,
    /// The least time between the stamps of two blocks, in milliseconds; zero is taken as one.
    ///
    /// With the time of genesis it bounds how many headers there can be by now.
    pub min_spacing_ms: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            initial_difficulty: U256::one(),
            block_time_ms: 6_000,
            bounds: Bounds {
                floor: U256::one(),
                ceiling: U256::MAX,
            },
            genesis_time_ms: 0,
            min_spacing_ms: 1,
        }
    }
}
