//! Timestamp: milliseconds, at a distance from the block before.

use crate::Runtime;

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = ();
    /// The difficulty sets the pace of blocks; the distance bounds how many there can be by now.
    type MinimumPeriod = pallet_difficulty::MinSpacing<Runtime>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}
