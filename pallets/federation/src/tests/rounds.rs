//! Whole rounds: what is aggregated, recorded and told.

use codec::Decode;
use frame_support::{
    assert_ok,
    weights::{Weight, WeightMeter},
};
use sp_runtime::DigestItem;

use crate::{mock::*, pallet::*, types::Phase};
use fedchain_fl::{
    Membership, Strategy, Width,
    view::{DIGEST_ID, Outcome, ServerModel},
};

#[test]
fn fed_avg_weighs_by_sample_count() {
    build_and_execute(|| {
        let id = federation(spec());
        let updates = [
            Update::new(ALICE, id, &[0, 10, -8], 30),
            Update::new(BOB, id, &[4, 2, 8], 10),
        ];
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        for update in updates.iter().rev() {
            assert_ok!(update.reveal());
        }
        next_blocks(1);
        assert_eq!(model(id), [1, 8, -4]);
    });
}

#[test]
fn open_federations_weigh_all_equally() {
    build_and_execute(|| {
        let mut open = spec();
        open.membership = Membership::Open;
        let id = federation(open);
        let updates = [
            Update::new(ALICE, id, &[0, 0, 0], 999),
            Update::new(BOB, id, &[4, 4, 4], 1),
        ];
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        for update in &updates {
            assert_ok!(update.reveal());
        }
        next_blocks(1);
        assert_eq!(model(id), [2, 2, 2]);
    });
}

#[test]
fn staging_strategies_and_narrow_numbers_work_end_to_end() {
    for (strategy, expected) in [
        (Strategy::Median, [3, 3, 3]),
        (Strategy::TrimmedMean { trim: 1 }, [3, 3, 3]),
    ] {
        build_and_execute(|| {
            let mut robust = spec();
            robust.task.strategy = strategy;
            robust.task.format.width = Width::I16;
            robust.task.format.frac_bits = 8;
            robust.clients_min = 3;
            let id = federation(robust);
            assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
            assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
            let updates = [(ALICE, [1; 3]), (BOB, [3; 3]), (CAROL, [30_000; 3])]
                .map(|(client, values)| Update::new(client, id, &values, 5));
            for update in &updates {
                assert_ok!(update.commit());
            }
            next_blocks(2);
            for update in &updates {
                assert_ok!(update.reveal());
            }
            next_blocks(1);
            assert_eq!(model(id), expected, "{strategy:?}");
        });
    }
}

#[test]
fn a_round_is_recorded_in_state_and_header() {
    build_and_execute(|| {
        let id = federation(spec());
        play_round(id, &[2, 2, 2], &[4, 4, 4]);

        let record = Rounds::<Test>::get(id, 1).unwrap();
        assert_eq!(
            (
                record.outcome,
                record.accepted,
                record.opened_at,
                record.closed_at
            ),
            (Outcome::Adopted, 2, 1, 4)
        );
        let digest = System::digest();
        let [DigestItem::Consensus(DIGEST_ID, payload)] = digest.logs() else {
            panic!("no record in the header: {digest:?}");
        };
        assert_eq!(
            ServerModel::decode(&mut payload.as_slice()),
            Ok(ServerModel {
                federation: id,
                round: 1,
                outcome: Outcome::Adopted,
                model_root: record.model_root,
                accepted_root: record.accepted_root,
                gate_hash: None,
            })
        );
        let view = Federation::model_range(id, 1, 5).unwrap();
        assert_eq!((view.round, view.offset, view.values), (1, 1, vec![3, 3]));
    });
}

#[test]
fn a_federation_runs_to_its_end_and_keeps_nothing_per_client() {
    build_and_execute(|| {
        let id = federation(spec());
        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        play_round(id, &[5, 5, 5], &[6, 6, 6]);
        // 5.5 is a tie, which goes to the even neighbour.
        assert_eq!(model(id), [6, 6, 6]);
        assert_eq!(Federations::<Test>::get(id).unwrap().phase, Phase::Finished);
        assert_eq!(
            Federation::round(id, Some(2))
                .unwrap()
                .record
                .unwrap()
                .accepted,
            2
        );
        assert_eq!(
            Commitments::<Test>::iter().count() + Members::<Test>::iter().count(),
            0
        );
        assert_eq!(
            Jobs::<Test>::iter().count() + StagedUpdates::<Test>::iter().count(),
            0
        );
        assert_eq!(Models::<Test>::iter().count(), 1);
    });
}

#[test]
fn due_federations_are_served_in_turn_within_the_share() {
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
        // Enough for every step of one round, but not of two.
        let share = Weight::from_parts(30_000, 0);
        Federation::aggregate_due(&mut WeightMeter::with_limit(share));
        let jobs: Vec<_> = ids.map(Jobs::<Test>::get).to_vec();
        assert!(jobs[0].is_some() && jobs[1].is_some(), "{jobs:?}");
        assert_eq!(jobs[0], jobs[1], "both advance step by step");
        next_blocks(1);
        for id in ids {
            assert!(Rounds::<Test>::contains_key(id, 1));
        }
    });
}
