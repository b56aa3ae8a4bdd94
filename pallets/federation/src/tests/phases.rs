//! Windows: when commits and reveals are taken, and when anyone may move on.

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, pallet::*, types::Phase};

type E = Error<Test>;

fn phase(id: u32) -> Phase {
    Federations::<Test>::get(id).unwrap().phase
}

#[test]
fn reveals_wait_for_the_settle_window() {
    build_and_execute(|| {
        let id = federation(spec());
        let updates = [
            Update::new(ALICE, id, &[1, 1, 1], 5),
            Update::new(BOB, id, &[3, 3, 3], 5),
        ];
        assert_noop!(updates[0].reveal(), E::NoCommitment);
        for update in &updates {
            assert_ok!(update.commit());
        }
        // Commits closed in block 1, so blocks up to 2 settle and block 3 takes reveals.
        assert!(matches!(phase(id), Phase::Reveal { opens_at: 3, .. }));
        next_blocks(1);
        assert_noop!(updates[0].reveal(), E::RevealClosed);
        next_blocks(1);
        assert_ok!(updates[0].reveal());
    });
}

#[test]
fn the_commit_window_closes_by_blocks_and_time() {
    build_and_execute(|| {
        let id = federation(spec());
        let late = Update::new(BOB, id, &[3, 3, 3], 5);
        assert_ok!(Update::new(ALICE, id, &[1, 1, 1], 5).commit());
        assert_noop!(
            Federation::advance(RuntimeOrigin::signed(STRANGER), id),
            E::NotOverdue
        );
        next_blocks(4);
        assert_noop!(
            Federation::advance(RuntimeOrigin::signed(STRANGER), id),
            E::NotOverdue
        );
        next_blocks(1);
        assert_noop!(late.commit(), E::CommitClosed);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        assert!(matches!(phase(id), Phase::Reveal { .. }));
    });
}

#[test]
fn a_burst_of_blocks_closes_no_window() {
    build_and_execute(|| {
        let id = federation(spec());
        next_blocks_every(20, 10);
        assert_noop!(
            Federation::advance(RuntimeOrigin::signed(STRANGER), id),
            E::NotOverdue
        );
        assert_ok!(Update::new(ALICE, id, &[1, 1, 1], 5).commit());
        next_blocks_every(1, 2_000);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
    });
}

#[test]
fn the_reveal_window_closes_without_those_who_stay_silent() {
    build_and_execute(|| {
        let mut spec = spec();
        spec.quorum = 0;
        let id = federation(spec);
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
        assert_noop!(updates[1].reveal(), E::RevealClosed);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        assert_noop!(
            Federation::advance(RuntimeOrigin::signed(STRANGER), id),
            E::NotOverdue
        );
        next_blocks(1);
        assert_eq!(model(id), [1, 1, 1]);
    });
}

#[test]
fn a_round_without_enough_commitments_is_skipped() {
    build_and_execute(|| {
        let id = federation(spec());
        next_blocks(5);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        let record = Rounds::<Test>::get(id, 1).unwrap();
        assert_eq!(record.outcome, fedchain_fl::view::Outcome::Skipped);
        assert_eq!(model(id), [0, 0, 0]);
        assert_eq!(Federations::<Test>::get(id).unwrap().round.index, 2);
    });
}

#[test]
fn cancelling_lets_the_round_end() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        assert_eq!(phase(id), Phase::Cancelled);
        assert_eq!(model(id), [3, 3, 3]);
        assert_eq!(held(HoldReason::Escrow, OWNER), 0);
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
    });
}
