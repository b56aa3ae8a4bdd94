//! System: accounts, the size and weight of a block.

use crate::{
    AccountId, Balance, Block, BlockNumber, Hash, Nonce, PalletInfo, Runtime, RuntimeCall,
    RuntimeEvent, RuntimeOrigin, RuntimeTask, VERSION,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchClass,
    parameter_types,
    weights::{
        Weight,
        constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MILLIS},
    },
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::{Perbill, traits::AccountIdLookup};
use sp_version::RuntimeVersion;

/// How long a full block may take to execute, in milliseconds.
///
/// A quarter of the shortest block time (1 s, the development chain): a node that syncs is then
/// at least four times faster than the chain, and a miner loses little time before it hashes. A
/// constant, so that the weight limits in the metadata hold on every chain.
pub const BLOCK_EXECUTION_MS_MAX: u64 = 250;

/// The longest block, in bytes, without its header.
pub const BLOCK_BYTES_MAX: u32 = 5 * 1024 * 1024;

/// The share of a block that transactions may fill; the rest is for hooks and inherents.
const NORMAL_SHARE: Perbill = Perbill::from_percent(75);

parameter_types! {
    /// The hashes of the last 4096 blocks stay in state: a transaction may live that long, and a
    /// client that reads K blocks behind the best one still finds its era's block.
    pub const BlockHashCount: BlockNumber = 4096;
    /// The version in this code.
    pub const Version: RuntimeVersion = VERSION;
    /// The address prefix: Substrate's generic one.
    pub const SS58Prefix: u8 = 42;
    /// Weight limits of a block. Proof size is not limited: nobody ships proofs of blocks.
    pub RuntimeBlockWeights: BlockWeights = BlockWeights::with_sensible_defaults(
        Weight::from_parts(
            BLOCK_EXECUTION_MS_MAX.saturating_mul(WEIGHT_REF_TIME_PER_MILLIS),
            u64::MAX,
        ),
        NORMAL_SHARE,
    );
    /// Length limits of a block.
    pub RuntimeBlockLength: BlockLength = BlockLength::builder()
        .max_length(BLOCK_BYTES_MAX)
        .modify_max_length_for_class(DispatchClass::Normal, |bytes| *bytes = NORMAL_SHARE * *bytes)
        .build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type AccountId = AccountId;
    type Nonce = Nonce;
    type Hash = Hash;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type AccountData = pallet_balances::AccountData<Balance>;
    type BlockHashCount = BlockHashCount;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type DbWeight = ParityDbWeight;
    type Version = Version;
    type SS58Prefix = SS58Prefix;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
}
