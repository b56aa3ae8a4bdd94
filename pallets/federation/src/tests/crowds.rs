//! Full blocks: windows wait, and nobody gains by filling them.

use fedchain_fl::view::Outcome;
use frame_support::{assert_noop, assert_ok, dispatch::Pays, weights::Weight};

use super::certify::{certified, moments_of};
use crate::{extension::ANSWER_PRIORITY, mock::*, pallet::*, types::FederationId};

type E = Error<Test>;

fn advance(id: FederationId) -> sp_runtime::DispatchResult {
    plain(Federation::advance(RuntimeOrigin::signed(STRANGER), id))
}

fn outcome(id: FederationId, round: u32) -> Outcome {
    Rounds::<Test>::get(id, round).unwrap().outcome
}

/// Both clients have committed, and reveals are taken from the next block but one on.
fn committed() -> (FederationId, [Update; 2]) {
    let id = federation(spec());
    let updates = [ALICE, BOB].map(|client| Update::new(client, id, &[2, 2, 2], 5));
    for update in &updates {
        assert_ok!(update.commit());
    }
    (id, updates)
}

#[test]
fn a_window_runs_only_in_blocks_with_room() {
    build_and_execute(|| {
        let id = federation(spec());
        full_blocks(20);
        assert_noop!(advance(id), E::NotOverdue);
        next_blocks(3);
        full_blocks(5);
        assert_noop!(advance(id), E::NotOverdue);
        assert_ok!(Update::new(ALICE, id, &[2, 2, 2], 5).commit());
        next_blocks(2);
        assert_noop!(
            Update::new(BOB, id, &[2, 2, 2], 5).commit(),
            E::CommitClosed
        );
        assert_ok!(advance(id));
    });
}

#[test]
fn stuffing_the_commit_window_skips_the_round_and_costs_no_seat() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_ok!(Update::new(ALICE, id, &[2, 2, 2], 5).commit());
        full_blocks(39);
        assert_noop!(advance(id), E::NotOverdue);
        full_blocks(2);
        assert_ok!(advance(id));
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Crowded);
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT; 2]);
        let missed = |client| Members::<Test>::get(id, client).unwrap().missed;
        assert_eq!([ALICE, BOB].map(missed), [0, 0]);
    });
}

#[test]
fn stuffing_the_reveal_window_earns_nothing_and_burns_nothing() {
    build_and_execute(|| {
        let issuance = Balances::total_issuance();
        let (id, [alice, _]) = committed();
        next_blocks(2);
        // The attacker's own is in; those of others find no room.
        assert_ok!(alice.reveal());
        full_blocks(51);
        assert_ok!(advance(id));
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Crowded);
        assert_eq!(model(id), [0, 0, 0]);
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT; 2]);
        assert_eq!(Balances::total_issuance(), issuance);
        assert!(Members::<Test>::contains_key(id, BOB));
        // It is made up for.
        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        assert_eq!(outcome(id, 3), Outcome::Adopted);
        assert!(Federations::<Test>::get(id).unwrap().phase.is_over());
    });
}

#[test]
fn who_reveals_in_time_though_late_is_taken() {
    build_and_execute(|| {
        let (id, updates) = committed();
        next_blocks(1);
        full_blocks(60);
        for update in &updates {
            assert_ok!(update.reveal());
        }
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Adopted);
    });
}

#[test]
fn stuffing_the_gate_gets_no_model_past_the_judges() {
    build_and_execute(|| {
        let (id, _) = judged(gated(), &[2, 2, 2]);
        play_round(id, &[ONE, 0, 0], &[ONE, 0, 0]);
        full_blocks(52);
        assert_ok!(advance(id));
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Crowded);
        assert_eq!(model(id), [0, 0, 0]);
        assert_eq!(EVALUATORS.map(total), [ENDOWMENT; 3]);
    });
}

#[test]
fn skipped_rounds_are_made_up_for_once_over() {
    build_and_execute(|| {
        let id = federation(spec());
        for round in 1..=4 {
            assert_ok!(Update::new(ALICE, id, &[2, 2, 2], 5).commit());
            full_blocks(41);
            assert_ok!(advance(id));
            next_blocks(1);
            assert_eq!(outcome(id, round), Outcome::Crowded);
        }
        assert!(Federations::<Test>::get(id).unwrap().phase.is_over());
        assert_eq!(held(HoldReason::Escrow, OWNER), 0);
    });
}

/// Overdue phases saved up while blocks are cheap cannot fill blocks when they are dear.
#[test]
fn moving_on_is_free_in_quiet_blocks_only() {
    for (used, pays) in [(full() / 8, Pays::No), (full() / 4, Pays::Yes)] {
        build_and_execute(|| {
            let id = federation(spec());
            next_blocks(5);
            System::set_block_consumed_resources(used, 0);
            let info = Federation::advance(RuntimeOrigin::signed(STRANGER), id).unwrap();
            assert_eq!(info.pays_fee, pays, "{used:?}");
        });
    }
}

#[test]
fn room_is_for_the_largest_answer() {
    build_and_execute(|| {
        assert!(Federation::has_room());
        System::set_block_consumed_resources(Default::default(), 4 * 1024 * 1024);
        assert!(!Federation::has_room());
    });
}

#[test]
fn answers_come_before_all_else() {
    build_and_execute(|| {
        let (id, [alice, _]) = committed();
        next_blocks(2);
        let reveal = alice.reveal_calls().remove(0);
        assert_eq!(priority(ALICE, reveal.clone()), Ok(ANSWER_PRIORITY));
        // What the room that is kept for an answer does not hold keeps others out of it.
        let most = Federation::answer_weight_max();
        let heavy = priority_of(ALICE, reveal.clone(), most, 0);
        assert_eq!(heavy, Ok(0), "the base weight is missing");
        assert_eq!(priority_of(ALICE, reveal, Weight::zero(), 300_000), Ok(0));
        next_blocks(8);
        assert_eq!(priority(ALICE, Call::advance { federation: id }), Ok(0));
        assert_eq!(priority(STRANGER, Call::join { federation: id }), Ok(0));
    });
}

#[test]
fn crowds_do_not_excuse_who_was_late_before() {
    build_and_execute(|| {
        let mut spec = certified();
        spec.quorum = 0;
        let id = federation(spec);
        let alice = moments_of(ALICE, id);
        assert_ok!(alice.commit());
        assert_ok!(moments_of(BOB, id).commit());
        next_blocks(2);
        assert_ok!(alice.reveal());
        next_blocks(6);
        assert_ok!(advance(id));
        full_blocks(80);
        assert_ok!(advance(id));
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Crowded);
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT, ENDOWMENT - 100]);
        assert!(!Members::<Test>::contains_key(id, BOB));
    });
}
