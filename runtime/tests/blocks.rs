//! Blocks through the whole runtime: the claim, the reward, the fee, the difficulty.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use chain::{on_genesis, open, sign};
use codec::{Decode, Encode};
use fedchain_runtime::{
    AccountId, Balances, Difficulty, Executive, OriginCaller, Runtime, RuntimeCall, System,
    currency, presets,
};
use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    weights::Weight,
};
use pallet_transaction_payment::{Multiplier, NextFeeMultiplier};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::{FixedPointNumber, Perbill, traits::Convert};

fn free(account: AccountId) -> u128 {
    Balances::free_balance(account)
}

#[test]
fn reward_and_fee_go_to_the_author() {
    on_genesis(presets::development(), || {
        let issuance = Balances::total_issuance();
        let (alice, charlie) = (free(Alice.to_account_id()), free(Charlie.to_account_id()));

        open(1, Difficulty::difficulty());
        let call = RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
            dest: Bob.to_account_id().into(),
            value: currency::UNIT,
        });
        Executive::apply_extrinsic(sign(call)).unwrap().unwrap();
        Executive::finalize_block();

        let fee = alice - currency::UNIT - free(Alice.to_account_id());
        assert!(fee > 0 && fee < currency::MILLI_UNIT * 20, "{fee}");
        assert_eq!(
            free(Charlie.to_account_id()),
            charlie + currency::BLOCK_REWARD + fee
        );
        assert_eq!(
            Balances::total_issuance(),
            issuance + currency::BLOCK_REWARD
        );
    });
}

#[test]
fn what_follows_the_load_is_burned() {
    on_genesis(presets::development(), || {
        let issuance = Balances::total_issuance();
        let (alice, charlie) = (free(Alice.to_account_id()), free(Charlie.to_account_id()));
        NextFeeMultiplier::<Runtime>::put(Multiplier::saturating_from_integer(8));

        open(1, Difficulty::difficulty());
        let call = RuntimeCall::System(frame_system::Call::remark {
            remark: vec![0; 10_000],
        });
        Executive::apply_extrinsic(sign(call)).unwrap().unwrap();
        let fee = alice - free(Alice.to_account_id());
        // Ten thousand bytes at the base price are half a thousandth of a unit.
        assert!(fee > currency::TRANSACTION_BYTE_FEE * 10_000 * 8, "{fee}");
        let earned = free(Charlie.to_account_id()) - charlie - currency::BLOCK_REWARD;
        assert!(earned.abs_diff(fee / 8) <= 1, "{earned} of {fee}");
        assert_eq!(
            Balances::total_issuance(),
            issuance + currency::BLOCK_REWARD - (fee - earned)
        );
    });
}

/// The factor of fees after a block of which transactions have filled so much, by weight and by bytes.
fn factor_after(factor: u32, weight: Perbill, bytes: Perbill) -> f64 {
    let mut next = 0.0;
    on_genesis(presets::development(), || {
        let limits = <Runtime as frame_system::Config>::BlockWeights::get();
        let most = limits.get(DispatchClass::Normal).max_total.unwrap();
        let lengths = <Runtime as frame_system::Config>::BlockLength::get();
        let length = *lengths.max.get(DispatchClass::Normal);
        let used = Weight::from_parts(weight * most.ref_time(), 0);
        System::set_block_consumed_resources(used, (bytes * length) as usize);
        let factor = Multiplier::saturating_from_integer(factor);
        type Follow = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
        next = Follow::convert(factor).to_float();
    });
    next
}

#[test]
fn fees_follow_weight_and_bytes_within_bounds() {
    let [none, half, full] = [0, 50, 100].map(Perbill::from_percent);
    for (weight, bytes) in [(full, none), (none, full), (full, full)] {
        assert_eq!(factor_after(8, weight, bytes), 9.0);
    }
    assert_eq!(factor_after(8, half, none), 8.0);
    assert_eq!(factor_after(8, none, none), 7.0);
    assert_eq!(factor_after(1, none, none), 1.0);
    assert_eq!(factor_after(1_000, full, none), 1_000.0);
}

#[test]
fn no_call_can_name_a_direct_origin() {
    let commit = RuntimeCall::Federation(pallet_federation::Call::commit {
        federation: 0,
        round: 1,
        base_root: Default::default(),
        commitment: Default::default(),
    });
    let dispatch_as = |as_origin: OriginCaller| {
        RuntimeCall::Utility(pallet_utility::Call::dispatch_as {
            as_origin: Box::new(as_origin),
            call: Box::new(commit.clone()),
        })
    };
    let direct = pallet_federation::extension::RawOrigin::Direct(Bob.to_account_id());
    let forged = dispatch_as(OriginCaller::Federation(direct)).encode();
    assert!(RuntimeCall::decode(&mut forged.as_slice()).is_err());
    // Others can be named; what they call fails as wrapped.
    let signed = frame_system::RawOrigin::Signed(Bob.to_account_id());
    let usual = dispatch_as(OriginCaller::system(signed)).encode();
    assert!(RuntimeCall::decode(&mut usual.as_slice()).is_ok());
}

#[test]
fn difficulty_follows_the_chain() {
    on_genesis(presets::local_testnet(), || {
        let first = Difficulty::difficulty();
        for number in 1..=20 {
            open(number, Difficulty::difficulty());
            Executive::finalize_block();
        }
        // One second per block where six are asked for.
        assert!(Difficulty::difficulty() > first * 4);
    });
}

#[test]
#[should_panic(expected = "must claim the difficulty")]
fn a_false_claim_is_an_invalid_block() {
    on_genesis(presets::development(), || {
        open(1, Difficulty::difficulty() + 1);
    });
}

#[test]
fn only_the_development_chain_has_sudo() {
    on_genesis(presets::development(), || {
        assert_eq!(
            pallet_sudo::Key::<Runtime>::get(),
            Some(Alice.to_account_id())
        );
    });
    on_genesis(presets::local_testnet(), || {
        assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
    });
}

#[test]
fn an_upgrade_fits_in_a_block() {
    let set_code = RuntimeCall::System(frame_system::Call::set_code { code: vec![] });
    let call = RuntimeCall::Sudo(pallet_sudo::Call::sudo {
        call: Box::new(set_code),
    });
    let info = call.get_dispatch_info();
    let limits = <Runtime as frame_system::Config>::BlockWeights::get();
    let max = limits.get(info.class).max_extrinsic.unwrap();
    assert!(info.total_weight().all_lte(max), "{info:?} > {max:?}");
}

#[test]
fn presets_are_listed_and_found() {
    for name in presets::preset_names() {
        assert!(presets::get_preset(&name).is_some(), "{name}");
    }
    assert!(presets::get_preset(&"mainnet".into()).is_none());
}
