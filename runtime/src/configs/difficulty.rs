//! Difficulty: the floor below which a seal is worth nothing.

use crate::Runtime;
use frame_support::traits::ConstU64;

/// The lowest difficulty of any fedchain network: about half a millisecond of one core.
pub const DIFFICULTY_FLOOR: u64 = 1_000;

impl pallet_difficulty::Config for Runtime {
    type DifficultyFloor = ConstU64<DIFFICULTY_FLOOR>;
    type WeightInfo = pallet_difficulty::weights::Measured<Runtime>;
}
