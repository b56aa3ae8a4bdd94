//! Mining rewards: what a block earns.

use crate::{Balances, Runtime, currency};
use frame_support::traits::ConstU128;

impl pallet_mining_rewards::Config for Runtime {
    type Currency = Balances;
    type BlockReward = ConstU128<{ currency::BLOCK_REWARD }>;
    type WeightInfo = pallet_mining_rewards::weights::Measured<Runtime>;
}
