//! A chain of this pallet, balances and time, and the actions that tests are made of.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a mock for tests: names say what things are, and a test fails by panicking"
)]

mod gate;
mod weights;

use crate as pallet_federation;
use crate::{Call, CheckFederation, extension::RawOrigin, pallet::*, types::FederationId};
use fedchain_commitment::{Opening, Part, parts, spec_hash, values_root};
use fedchain_fl::{
    Column, Decimal, FederationSpec, Format, H256, Initial, Membership, ModelSpec, Optimiser,
    Privacy, QUORUM_DEFAULT, Schema, Strategy, Target, TaskSpec, Windows,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchResultWithPostInfo,
    parameter_types,
    traits::{ConstU32, ConstU64, Get, Hooks},
    weights::{Weight, WeightMeter, WeightToFee},
};
use sp_runtime::{
    BuildStorage, DispatchResult,
    traits::{DispatchTransaction, IdentityLookup},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};

pub use gate::{EVALUATORS, Holdout, ONE, gated, judged};
pub use weights::Weights;

pub type AccountId = u64;
pub type Balance = u128;
type Block = frame_system::mocking::MockBlock<Test>;

pub const OWNER: AccountId = 1;
pub const ALICE: AccountId = 2;
pub const BOB: AccountId = 3;
pub const CAROL: AccountId = 4;
pub const STRANGER: AccountId = 9;
pub const ENDOWMENT: Balance = 10_000_000;
pub const BLOCK_MS: u64 = 1_000;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(10)]
    pub type Federation = pallet_federation;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = frame_support::traits::ConstU128<1>;
    type AccountStore = System;
}

parameter_types! {
    pub const AggregationWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
    pub ExtensionWeight: Weight = <Weights as crate::WeightInfo>::check();
    /// Price of a thousand units of weight.
    pub static FeePerKiloWeight: Balance = 0;
}

/// A price in proportion to weight.
pub struct Price;

impl WeightToFee for Price {
    type Balance = Balance;

    fn weight_to_fee(weight: &Weight) -> Balance {
        FeePerKiloWeight::get() * Balance::from(weight.ref_time()) / 1_000
    }
}

impl Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type BlockTimeMs = ConstU64<BLOCK_MS>;
    type ByteDeposit = frame_support::traits::ConstU128<1>;
    type UploadBytesPerBlock = ConstU32<1_000_000>;
    type StagingBytesMax = ConstU32<8_000_000>;
    type AggregationWeight = AggregationWeight;
    type ExtensionWeight = ExtensionWeight;
    type WeightToFee = Price;
    type WeightInfo = Weights;
}

/// A federation of two invited clients, three weights, two rounds of FedAvg.
pub fn spec() -> FederationSpec<Balance> {
    let column =
        |name: &str| Column::number(name.parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
    FederationSpec {
        name: "test".parse().unwrap(),
        membership: Membership::Invited,
        clients_min: 2,
        clients_max: 3,
        rounds_max: 2,
        windows: Windows {
            commit_blocks: 4,
            settle_blocks: 1,
            reveal_blocks: 4,
        },
        quorum: QUORUM_DEFAULT,
        sample_count_max: 1_000,
        bond: 100,
        join_deposit: 50,
        reward: 30,
        gate: None,
        task: TaskSpec {
            model: ModelSpec::Linear,
            initial: Initial::Zeros,
            format: Format::default(),
            strategy: Strategy::FedAvg,
            norm: None,
            optimiser: Optimiser::Adopt,
            schema: Schema {
                features: vec![column("a"), column("b")].try_into().unwrap(),
                target: Target::Real(column("y")),
            },
        },
    }
}

/// Runs a test in block 1, then checks the invariants.
pub fn build_and_execute(test: impl FnOnce()) {
    build().execute_with(|| {
        next_blocks(1);
        test();
        Federation::do_try_state().unwrap();
    });
}

/// The state before block 1.
pub fn build() -> sp_io::TestExternalities {
    let balances = [OWNER, ALICE, BOB, CAROL, STRANGER]
        .into_iter()
        .chain(EVALUATORS)
        .map(|who| (who, ENDOWMENT))
        .collect();
    let mut storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .unwrap();
    pallet_balances::GenesisConfig::<Test> {
        balances,
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    storage.into()
}

/// Makes `count` blocks, `BLOCK_MS` apart.
pub fn next_blocks(count: u64) {
    next_blocks_every(count, BLOCK_MS);
}

/// Makes `count` blocks, `block_ms` apart, checking the invariants after each.
pub fn next_blocks_every(count: u64, block_ms: u64) {
    for _ in 0..count {
        if System::block_number() > 0 {
            Federation::on_finalize(System::block_number());
        }
        let number = System::block_number() + 1;
        System::initialize(&number, &System::parent_hash(), &Default::default());
        Timestamp::set_timestamp(Timestamp::get() + block_ms);
        Federation::on_poll(number, &mut WeightMeter::new());
        Federation::do_try_state().unwrap();
    }
}

/// Creates a federation and lets ALICE and BOB join.
pub fn federation(spec: FederationSpec<Balance>) -> FederationId {
    let id = NextFederation::<Test>::get();
    create(spec).unwrap();
    join_both(id);
    id
}

/// Lets ALICE and BOB join.
pub fn join_both(id: FederationId) {
    let invited = Specs::<Test>::get(id).unwrap().membership == Membership::Invited;
    for client in [ALICE, BOB] {
        if invited {
            Federation::invite(RuntimeOrigin::signed(OWNER), id, client).unwrap();
        }
        Federation::join(RuntimeOrigin::signed(client), id).unwrap();
    }
}

/// An update that one client sends.
#[derive(Clone)]
pub struct Update {
    pub client: AccountId,
    pub federation: FederationId,
    pub round: u32,
    pub base_root: H256,
    pub sample_count: u32,
    pub privacy: Option<Privacy>,
    pub salt: [u8; 32],
    pub bytes: Vec<u8>,
    pub spec_hash: H256,
    pub param_count: u32,
}

impl Update {
    /// An honest update of the current round.
    pub fn new(
        client: AccountId,
        federation: FederationId,
        values: &[i32],
        sample_count: u32,
    ) -> Self {
        let state = Federations::<Test>::get(federation).unwrap();
        let task = Specs::<Test>::get(federation).unwrap().task;
        Self {
            client,
            federation,
            round: state.round.index,
            base_root: state.model_root,
            sample_count,
            privacy: None,
            salt: [client as u8; 32],
            bytes: task.format.encode(values).unwrap(),
            spec_hash: spec_hash(&task),
            param_count: state.param_count,
        }
    }

    pub fn commitment(&self) -> H256 {
        Opening {
            genesis: System::block_hash(0),
            federation: self.federation,
            round: self.round,
            spec_hash: self.spec_hash,
            base_root: self.base_root,
            account: self.client,
            sample_count: self.sample_count,
            privacy: self.privacy,
            param_count: self.param_count,
            values_root: values_root(&self.bytes),
            salt: self.salt,
        }
        .commitment()
    }

    pub fn commit_call(&self) -> Call<Test> {
        Call::commit {
            federation: self.federation,
            round: self.round,
            base_root: self.base_root,
            commitment: self.commitment(),
        }
    }

    /// The calls that reveal the update, one per part, in order.
    pub fn reveal_calls(&self) -> Vec<Call<Test>> {
        parts(&self.bytes)
            .into_iter()
            .map(|part| self.part_call(part))
            .collect()
    }

    pub fn part_call(&self, part: Part) -> Call<Test> {
        Call::reveal {
            federation: self.federation,
            round: self.round,
            sample_count: self.sample_count,
            privacy: self.privacy,
            salt: self.salt,
            part,
        }
    }

    pub fn commit(&self) -> DispatchResult {
        direct(self.client, self.commit_call())
    }

    /// Reveals part by part up to the first error.
    pub fn reveal(&self) -> DispatchResult {
        let mut calls = self.reveal_calls().into_iter();
        calls.try_for_each(|call| direct(self.client, call))
    }
}

/// Dispatches a call as a transaction of its own, past the pool's check.
pub fn direct(client: AccountId, call: Call<Test>) -> DispatchResult {
    use frame_support::traits::UnfilteredDispatchable;
    let origin = RuntimeOrigin::from(RawOrigin::Direct(client));
    frame_support::storage::with_storage_layer(|| call.dispatch_bypass_filter(origin))
        .map(|_| ())
        .map_err(|error| error.error)
}

/// An outcome without what it weighed.
pub fn plain(result: DispatchResultWithPostInfo) -> DispatchResult {
    result.map(|_| ()).map_err(|error| error.error)
}

/// Creates a federation of the owner's.
pub fn create(spec: FederationSpec<Balance>) -> DispatchResult {
    plain(Federation::create(RuntimeOrigin::signed(OWNER), spec))
}

/// Deletes a federation.
pub fn remove(who: AccountId, id: FederationId) -> DispatchResult {
    plain(Federation::remove(RuntimeOrigin::signed(who), id))
}

/// Makes a block that transactions have filled.
pub fn full_blocks(count: u64) {
    for _ in 0..count {
        System::set_block_consumed_resources(full(), 0);
        next_blocks(1);
    }
}

/// All that transactions may take of a block.
pub fn full() -> Weight {
    let limits: frame_system::limits::BlockWeights =
        <Test as frame_system::Config>::BlockWeights::get();
    let class = limits.get(frame_support::dispatch::DispatchClass::Normal);
    class.max_total.unwrap_or(limits.max_block)
}

/// What the pool says of a transaction now: the code of its refusal, or nothing.
pub fn refused(signer: AccountId, call: Call<Test>) -> Option<u8> {
    priority(signer, call).err()
}

/// The priority that the pool gives a transaction now, without its tip, or the code of its refusal.
pub fn priority(signer: AccountId, call: Call<Test>) -> Result<u64, u8> {
    priority_of(signer, call, Weight::zero(), 0)
}

/// The same for a transaction of this weight and so many bytes.
pub fn priority_of(
    signer: AccountId,
    call: Call<Test>,
    call_weight: Weight,
    bytes: usize,
) -> Result<u64, u8> {
    let info = frame_support::dispatch::DispatchInfo {
        call_weight,
        ..Default::default()
    };
    let call = RuntimeCall::Federation(call);
    let answer = CheckFederation::<Test>::default().validate_only(
        RuntimeOrigin::signed(signer),
        &call,
        &info,
        bytes,
        TransactionSource::External,
        0,
    );
    match answer {
        Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(code))) => Err(code),
        Err(other) => panic!("unexpected refusal {other:?}"),
        Ok((valid, ..)) => Ok(valid.priority),
    }
}

/// Both clients commit and reveal; the round closes in the block after.
pub fn play_round(id: FederationId, alice: &[i32], bob: &[i32]) {
    let updates = [
        Update::new(ALICE, id, alice, 10),
        Update::new(BOB, id, bob, 10),
    ];
    for update in &updates {
        update.commit().unwrap();
    }
    next_blocks(2);
    for update in &updates {
        update.reveal().unwrap();
    }
    next_blocks(1);
}

/// The newest server model.
pub fn model(id: FederationId) -> Vec<i32> {
    let state = Federations::<Test>::get(id).unwrap();
    let task = Specs::<Test>::get(id).unwrap().task;
    Federation::model(id, state.slot, task.format, 0..task.model_chunks())
}

/// What an account has held for a reason.
pub fn held(reason: HoldReason, who: AccountId) -> Balance {
    Federation::held(reason, &who)
}

/// All that an account owns, held or free.
pub fn total(who: AccountId) -> Balance {
    <Balances as frame_support::traits::fungible::Inspect<AccountId>>::total_balance(&who)
}
