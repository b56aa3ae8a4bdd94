//! A runtime of three pallets, and blocks that claim a difficulty.

use crate as pallet_difficulty;
use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest, U256};
use frame_support::{
    derive_impl,
    traits::{Hooks, UnfilteredDispatchable},
};
use sp_runtime::{BuildStorage, Digest, DigestItem};

pub const FLOOR: u64 = 100;
pub const BLOCK_TIME_MS: u64 = 1_000;
pub const GENESIS_MS: u64 = 1_700_000_000_000;
pub const MIN_SPACING_MS: u64 = 30;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeTask,
        RuntimeFreezeReason,
        RuntimeHoldReason
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Difficulty = pallet_difficulty;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
    type MinimumPeriod = pallet_difficulty::MinSpacing<Test>;
}

impl pallet_difficulty::Config for Test {
    type DifficultyFloor = frame_support::traits::ConstU64<FLOOR>;
    type WeightInfo = crate::weights::Measured<Test>;
}

/// Runs `test` on a chain of the given genesis and checks the invariants afterwards.
pub fn build_and_execute(
    initial_difficulty: u64,
    difficulty_ceiling: Option<u64>,
    test: impl FnOnce(),
) {
    let storage = RuntimeGenesisConfig {
        difficulty: pallet_difficulty::GenesisConfig {
            initial_difficulty: initial_difficulty.into(),
            block_time_ms: BLOCK_TIME_MS,
            genesis_time_ms: GENESIS_MS,
            min_spacing_ms: MIN_SPACING_MS,
            difficulty_ceiling: difficulty_ceiling.map(Into::into),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    sp_io::TestExternalities::new(storage).execute_with(|| {
        test();
        Difficulty::do_try_state().unwrap();
    });
}

/// A header's pre-runtime item that claims `difficulty`.
pub fn claim(difficulty: U256) -> DigestItem {
    let author = [1; 32];
    DigestItem::PreRuntime(ENGINE_ID, PreDigest { author, difficulty }.encode())
}

/// Opens the next block with these digest items.
pub fn open(logs: Vec<DigestItem>) {
    let number = System::block_number() + 1;
    System::initialize(&number, &Default::default(), &Digest { logs });
    Difficulty::on_initialize(number);
}

/// Adds an honest block that was mined `solve_time_ms` after its parent.
pub fn mine(solve_time_ms: u64) {
    open(vec![claim(Difficulty::difficulty())]);
    stamp(pallet_timestamp::Now::<Test>::get() + solve_time_ms);
    Difficulty::on_finalize(System::block_number());
}

/// Sets the time of the open block, as its first extrinsic does.
pub fn stamp(now: u64) {
    let call = pallet_timestamp::Call::<Test>::set { now };
    let origin = frame_system::RawOrigin::None.into();
    call.dispatch_bypass_filter(origin).unwrap();
    Timestamp::on_finalize(System::block_number());
}
