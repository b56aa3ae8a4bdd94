//! Timestamp: milliseconds, strictly increasing.

use crate::Runtime;
use frame_support::traits::ConstU64;

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = ();
    /// The difficulty rules the pace of blocks; all that is asked here is that time moves.
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}
