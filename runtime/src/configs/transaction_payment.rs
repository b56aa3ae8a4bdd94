//! Transaction payment: fees by weight and length, paid to the block's author.

use crate::{Balance, Balances, MiningRewards, Runtime, RuntimeEvent, currency};
use frame_support::{
    parameter_types,
    traits::{ConstU8, ConstU128},
    weights::{ConstantMultiplier, IdentityFee},
};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::traits::One;

parameter_types! {
    /// Fees do not follow the load: a trainer knows beforehand what a round costs.
    pub FeeMultiplier: Multiplier = Multiplier::one();
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, MiningRewards>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = ConstantMultiplier<Balance, ConstU128<{ currency::TRANSACTION_BYTE_FEE }>>;
    type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
