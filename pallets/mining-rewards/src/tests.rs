//! Who gets the reward, who gets the fees, and what the issuance says.

use crate::{Event, mock::*};
use frame_support::traits::{
    OnUnbalanced,
    fungible::Balanced,
    tokens::{Fortitude, Precision, Preservation},
};

/// Withdraws `amount` from Alice as a fee.
fn fee(amount: u64) -> frame_support::traits::fungible::Credit<sp_runtime::AccountId32, Balances> {
    <Balances as Balanced<_>>::withdraw(
        &ALICE,
        amount,
        Precision::Exact,
        Preservation::Preserve,
        Fortitude::Polite,
    )
    .unwrap()
}

#[test]
fn the_author_is_rewarded() {
    build_and_execute(|| {
        open(Some(MINER));

        assert_eq!(MiningRewards::author(), Some(MINER));
        assert_eq!(Balances::free_balance(MINER), REWARD);
        assert_eq!(Balances::total_issuance(), 1_000 + REWARD);
        System::assert_has_event(
            Event::BlockRewarded {
                author: MINER,
                reward: REWARD,
            }
            .into(),
        );
    });
}

#[test]
fn a_block_without_author_mints_nothing() {
    build_and_execute(|| {
        open(None);

        assert_eq!(MiningRewards::author(), None);
        assert_eq!(Balances::total_issuance(), 1_000);
        assert!(System::events().is_empty());
    });
}

#[test]
fn fees_move_to_the_author() {
    build_and_execute(|| {
        open(Some(MINER));
        MiningRewards::on_unbalanced(fee(7));

        assert_eq!(Balances::free_balance(ALICE), 993);
        assert_eq!(Balances::free_balance(MINER), REWARD + 7);
        assert_eq!(Balances::total_issuance(), 1_000 + REWARD);
    });
}

#[test]
fn fees_without_author_are_burned() {
    build_and_execute(|| {
        open(None);
        MiningRewards::on_unbalanced(fee(7));

        assert_eq!(Balances::total_issuance(), 993);
    });
}
