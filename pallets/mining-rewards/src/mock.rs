//! A runtime of three pallets, and blocks that name their author.

use crate as pallet_mining_rewards;
use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest};
use frame_support::{
    derive_impl,
    traits::{ConstU64, Hooks},
};
use sp_runtime::{AccountId32, BuildStorage, Digest, DigestItem, traits::IdentityLookup};

pub const REWARD: u64 = 50;
pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const MINER: AccountId32 = AccountId32::new([9; 32]);

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
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type MiningRewards = pallet_mining_rewards;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId32;
    type Lookup = IdentityLookup<AccountId32>;
    type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<10>;
}

impl pallet_mining_rewards::Config for Test {
    type Currency = Balances;
    type BlockReward = ConstU64<REWARD>;
    type WeightInfo = crate::weights::Measured<Test>;
}

/// Runs `test` on a chain where only Alice has money.
pub fn build_and_execute(test: impl FnOnce()) {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(ALICE, 1_000)],
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    sp_io::TestExternalities::new(storage).execute_with(test);
}

/// Opens block 1 with the miner as its author, or without an author.
pub fn open(author: Option<AccountId32>) {
    let logs = author
        .map(|author| {
            let difficulty = 1.into();
            let claim = PreDigest {
                author: author.into(),
                difficulty,
            };
            DigestItem::PreRuntime(ENGINE_ID, claim.encode())
        })
        .into_iter()
        .collect();
    System::initialize(&1, &Default::default(), &Digest { logs });
    MiningRewards::on_initialize(1);
}
