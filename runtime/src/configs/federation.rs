//! Federations: deposits, upload and staging bounds, aggregation's share of a block.

use crate::{
    Balance, Balances, Difficulty, Runtime, RuntimeCall, RuntimeHoldReason, Timestamp,
    configs::system::{BLOCK_BYTES_MAX, RuntimeBlockWeights},
    currency, tx_extension,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, Get},
    weights::Weight,
};
use sp_runtime::{Perbill, generic::Era, traits::TransactionExtension};

/// Bytes of reveals to count on per block: half of what transactions may fill, the rest is for
/// everybody else.
const UPLOAD_BYTES_PER_BLOCK: u32 = BLOCK_BYTES_MAX / 8 * 3;
/// Bytes of updates that one federation may keep in state until they are aggregated.
const STAGING_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Eight clients can have the largest models, as the README says.
const _: () = assert!(STAGING_BYTES_MAX == 8 * fedchain_fl::limits::UPDATE_BYTES_MAX);

parameter_types! {
    /// A quarter of a block: the share that transactions cannot fill.
    pub AggregationWeight: Weight =
        Perbill::from_percent(25) * RuntimeBlockWeights::get().max_block;
    /// A millionth of a unit per byte of state.
    pub const ByteDeposit: Balance = currency::UNIT / 1_000_000;
}

/// The block time that this chain's genesis set.
pub struct BlockTimeMs;

impl Get<u64> for BlockTimeMs {
    fn get() -> u64 {
        Difficulty::block_time_ms()
    }
}

/// Weight of the checks of a transaction that calls the pallet.
pub struct ExtensionWeight;

impl Get<Weight> for ExtensionWeight {
    fn get() -> Weight {
        let call: RuntimeCall = pallet_federation::Call::advance { federation: 0 }.into();
        let with = |era| tx_extension(0, era, 0).weight(&call);
        // One that ends looks its beginning up.
        with(Era::Immortal).max(with(Era::mortal(256, 0)))
    }
}

impl pallet_federation::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type BlockTimeMs = BlockTimeMs;
    type ByteDeposit = ByteDeposit;
    type UploadBytesPerBlock = ConstU32<UPLOAD_BYTES_PER_BLOCK>;
    type StagingBytesMax = ConstU32<STAGING_BYTES_MAX>;
    type AggregationWeight = AggregationWeight;
    type ExtensionWeight = ExtensionWeight;
    type WeightToFee = <Runtime as pallet_transaction_payment::Config>::WeightToFee;
    type WeightInfo = pallet_federation::weights::Measured<Runtime>;
}
