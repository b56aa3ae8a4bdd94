//! How many of those who committed must have an update that counts.

use fedchain_fl::{Strategy, view::Outcome};
use frame_support::assert_ok;

use crate::{mock::*, pallet::*};

const FIVE: [AccountId; 5] = [ALICE, BOB, CAROL, STRANGER, 10];

/// Five commit; so many of them reveal, two with large values first. Answers outcome and model.
fn partly_revealed(strategy: Strategy, reveals: usize) -> (Outcome, Vec<i32>) {
    let mut found = None;
    build_and_execute(|| {
        let mut spec = spec();
        spec.task.strategy = strategy;
        spec.clients_min = 5;
        spec.clients_max = 5;
        let id = federation(spec);
        for client in &FIVE[2..] {
            assert_ok!(Federation::invite(
                RuntimeOrigin::signed(OWNER),
                id,
                *client
            ));
            assert_ok!(Federation::join(RuntimeOrigin::signed(*client), id));
        }
        let updates: Vec<_> = (FIVE.iter().enumerate())
            .map(|(place, client)| {
                let value = if place < 2 { 1_000 } else { 1 };
                Update::new(*client, id, &[value; 3], 5)
            })
            .collect();
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        for update in &updates[..reveals] {
            assert_ok!(update.reveal());
        }
        next_blocks(6);
        assert_ok!(plain(Federation::advance(
            RuntimeOrigin::signed(STRANGER),
            id
        )));
        next_blocks(1);
        found = Some((Rounds::<Test>::get(id, 1).unwrap().outcome, model(id)));
    });
    found.unwrap()
}

#[test]
fn one_of_five_is_no_median() {
    for strategy in [Strategy::Median, Strategy::GeometricMedian] {
        let (outcome, model) = partly_revealed(strategy, 1);
        assert_eq!(
            (outcome, model),
            (Outcome::Skipped, vec![0; 3]),
            "{strategy:?}"
        );
    }
}

#[test]
fn three_of_five_are_no_trimmed_mean() {
    let (outcome, model) = partly_revealed(Strategy::TrimmedMean { trim: 1 }, 3);
    assert_eq!((outcome, model), (Outcome::Skipped, vec![0; 3]));
}

#[test]
fn enough_of_five_are() {
    let (outcome, model) = partly_revealed(Strategy::Median, 5);
    assert_eq!((outcome, model), (Outcome::Adopted, vec![1; 3]));
    let (outcome, _) = partly_revealed(Strategy::TrimmedMean { trim: 1 }, 4);
    assert_eq!(outcome, Outcome::Adopted);
}
