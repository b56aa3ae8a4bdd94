//! Calls between two steps of a round's end.

use crate::{
    mock::*,
    pallet::*,
    types::{Phase, Stage},
};
use frame_support::{
    assert_ok,
    traits::Hooks,
    weights::{Weight, WeightMeter},
};

/// A round in which both clients took part, up to just before the last step of its end.
fn before_the_last_step(rounds_max: u32) -> u32 {
    let mut spec = spec();
    spec.rounds_max = rounds_max;
    let id = federation(spec);
    let updates = [ALICE, BOB].map(|who| Update::new(who, id, &[1, 2, 3], 10));
    for update in &updates {
        assert_ok!(update.commit());
    }
    next_blocks(2);
    for update in &updates {
        assert_ok!(update.reveal());
    }
    let mut share = 0;
    while Jobs::<Test>::get(id).is_none_or(|job| job.stage != Stage::Proceed) {
        let before = Jobs::<Test>::get(id);
        share += 500;
        let limit = frame_support::weights::Weight::from_parts(share, u64::MAX);
        Federation::on_poll(0, &mut WeightMeter::with_limit(limit));
        if Jobs::<Test>::get(id) != before {
            share = 0;
        }
    }
    id
}

#[test]
fn cancelling_before_the_last_step_dismisses_the_members() {
    build_and_execute(|| {
        let id = before_the_last_step(2);
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        next_blocks(1);
        assert_eq!(
            Federations::<Test>::get(id).unwrap().phase,
            Phase::Cancelled
        );
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
    });
}

#[test]
fn who_joins_before_the_last_step_is_dismissed_or_refused() {
    build_and_execute(|| {
        let id = before_the_last_step(1);
        assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
        let _ = Federation::join(RuntimeOrigin::signed(CAROL), id);
        next_blocks(1);
        assert_eq!(Federations::<Test>::get(id).unwrap().phase, Phase::Finished);
        assert_eq!(held(HoldReason::JoinDeposit, CAROL), 0);
    });
}

#[test]
fn who_asks_to_leave_before_the_last_step_can_leave_while_waiting() {
    build_and_execute(|| {
        let id = before_the_last_step(2);
        // As after a round in which so many left that the next one cannot open.
        Specs::<Test>::mutate(id, |spec| spec.as_mut().unwrap().clients_min = 3);
        assert_ok!(Federation::leave(RuntimeOrigin::signed(ALICE), id));
        next_blocks(1);
        assert_eq!(Federations::<Test>::get(id).unwrap().phase, Phase::Waiting);
        assert_ok!(Federation::leave(RuntimeOrigin::signed(ALICE), id));
    });
}

#[test]
fn the_head_of_the_queue_blocks_nobody() {
    build_and_execute(|| {
        let ids = [federation(spec()), federation(spec())];
        for id in ids {
            for client in [ALICE, BOB] {
                assert_ok!(Update::new(client, id, &[2, 2, 2], 5).commit());
            }
        }
        next_blocks(2);
        for id in ids {
            for client in [ALICE, BOB] {
                assert_ok!(Update::new(client, id, &[2, 2, 2], 5).reveal());
            }
        }
        // As after an upgrade of weights: opening the first one's job weighs more than a share.
        let members = |count| {
            Federations::<Test>::mutate(ids[0], |state| state.as_mut().unwrap().members = count)
        };
        members(1_000_000);
        for _ in 0..20 {
            let share = Weight::from_parts(200_000, u64::MAX);
            Federation::aggregate_due(&mut WeightMeter::with_limit(share));
        }
        members(2);
        let is_closed = ids.map(|id| Rounds::<Test>::contains_key(id, 1));
        assert_eq!(is_closed, [false, true], "rounds closed");
    });
}
