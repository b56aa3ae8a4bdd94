//! Bonds, rewards and issuance: every hold leaves exactly once.

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, pallet::*};
use fedchain_fl::{NormRule, Strategy};

type E = Error<Test>;

#[test]
fn the_bond_is_held_from_commit_to_reveal() {
    build_and_execute(|| {
        let id = federation(spec());
        let updates = [
            Update::new(ALICE, id, &[1, 1, 1], 5),
            Update::new(BOB, id, &[3, 3, 3], 5),
        ];
        for update in &updates {
            assert_ok!(update.commit());
            assert_eq!(held(HoldReason::Bond, update.client), 100);
        }
        next_blocks(2);
        assert_ok!(updates[0].reveal());
        assert_eq!(held(HoldReason::Bond, ALICE), 0);
        assert_eq!(held(HoldReason::Bond, BOB), 100);
        assert_noop!(updates[0].reveal(), E::NoCommitment);
    });
}

#[test]
fn a_silent_client_loses_its_bond_and_nobody_gains_it() {
    build_and_execute(|| {
        let mut spec = spec();
        spec.quorum = 0;
        let id = federation(spec);
        let issuance = Balances::total_issuance();
        let updates = [
            Update::new(ALICE, id, &[1, 1, 1], 5),
            Update::new(BOB, id, &[3, 3, 3], 5),
        ];
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        assert_ok!(updates[0].reveal());
        next_blocks(4);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        assert_eq!(Balances::total_issuance(), issuance - 100);
        assert_eq!(total(BOB), ENDOWMENT - 100);
        // Her part of two; the other stays the owner's.
        assert_eq!(total(ALICE), ENDOWMENT + 15);
        assert_eq!(Federations::<Test>::get(id).unwrap().escrow, 60 - 15);
        assert!(!Members::<Test>::contains_key(id, BOB));
    });
}

#[test]
fn a_round_skipped_before_reveals_returns_the_bonds() {
    build_and_execute(|| {
        let mut robust = spec();
        robust.task.strategy = Strategy::TrimmedMean { trim: 1 };
        robust.clients_min = 3;
        let id = federation(robust);
        assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
        assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
        let update = Update::new(ALICE, id, &[1, 1, 1], 5);
        assert_ok!(update.commit());
        next_blocks(5);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        assert_eq!(held(HoldReason::Bond, ALICE), 0);
        assert_eq!(total(ALICE), ENDOWMENT);
    });
}

#[test]
fn a_wrong_opening_changes_nothing_and_can_be_mended() {
    build_and_execute(|| {
        let id = federation(spec());
        let honest = Update::new(ALICE, id, &[1, 1, 1], 5);
        assert_ok!(honest.commit());
        assert_ok!(Update::new(BOB, id, &[3, 3, 3], 5).commit());
        next_blocks(2);
        for wrong in [
            Update {
                salt: [0; 32],
                ..honest.clone()
            },
            Update {
                sample_count: 6,
                ..honest.clone()
            },
            Update {
                bytes: vec![9; 12],
                ..honest.clone()
            },
        ] {
            assert_noop!(wrong.reveal(), E::WrongOpening);
        }
        let short = Update {
            bytes: vec![0; 8],
            ..honest.clone()
        };
        assert_noop!(short.reveal(), E::WrongPart);
        let many = Update {
            sample_count: 1_001,
            ..honest.clone()
        };
        assert_noop!(many.reveal(), E::SampleCountOutOfRange);
        assert_ok!(honest.reveal());
    });
}

#[test]
fn an_update_beyond_the_norm_bound_is_rejected_and_its_bond_returned() {
    build_and_execute(|| {
        let mut bounded = spec();
        bounded.task.norm = Some(NormRule::Reject { max: 5 });
        let id = federation(bounded);
        let updates = [
            Update::new(ALICE, id, &[3, 4, 0], 5),
            Update::new(BOB, id, &[3, 4, 1], 5),
        ];
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        for update in &updates {
            assert_ok!(update.reveal());
        }
        next_blocks(1);
        assert_eq!(model(id), [3, 4, 0]);
        assert_eq!(total(BOB), ENDOWMENT);
        assert_eq!(total(ALICE), ENDOWMENT + 15);
    });
}

#[test]
fn low_balance_is_an_error_of_its_own() {
    build_and_execute(|| {
        let mut dear = spec();
        dear.bond = 2 * ENDOWMENT;
        let id = federation(dear);
        assert_noop!(
            Update::new(ALICE, id, &[1, 1, 1], 5).commit(),
            E::LowBalance
        );
    });
}

#[test]
fn aggregation_is_prepaid_by_owner_and_clients() {
    build_and_execute(|| {
        FeePerKiloWeight::set(1);
        let mut free = spec();
        free.reward = 0;
        let issuance = Balances::total_issuance();
        let id = federation(free);
        let owners = issuance - Balances::total_issuance();
        assert!(owners > 0);
        let fee = Federation::get(id).unwrap().aggregation_fee;
        assert!(fee > 0);
        let update = Update::new(ALICE, id, &[1, 1, 1], 5);
        assert_ok!(update.commit());
        assert_eq!(total(ALICE), ENDOWMENT - fee);
        assert_eq!(Balances::total_issuance(), issuance - owners - fee);
        assert_noop!(update.commit(), E::AlreadyCommitted);
        assert_eq!(total(ALICE), ENDOWMENT - fee);
    });
}
