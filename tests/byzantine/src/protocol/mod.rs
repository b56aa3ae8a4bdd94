//! Adversaries of the protocol, against the pallet's mock.

mod block_stuffer;
mod chunk_withholder;
mod colluders;
mod copier;
mod extreme_values;
mod non_revealer;
mod quorum_breaker;
mod sample_count_inflator;
mod spammer_of_federations;
mod spammer_of_tiny_parts;
mod stale_round;
mod weight_exhauster;
mod wrong_opener;

use fedchain_fl::{FederationSpec, Strategy};
use frame_support::assert_ok;
use pallet_federation::{
    Federations,
    mock::*,
    types::{FederationId, Phase},
};

/// What matters to the honest clients, Alice and Bob: the server model and what they own.
#[derive(Debug, PartialEq, Eq)]
struct Honest {
    model: Vec<i32>,
    alice: Balance,
    bob: Balance,
}

/// A federation of three seats that Alice, Bob and the adversary, Carol, have joined, with one round.
fn three(change: impl FnOnce(&mut FederationSpec<Balance>)) -> FederationId {
    let mut spec = spec();
    spec.task.strategy = Strategy::Median;
    spec.clients_min = 3;
    spec.rounds_max = 1;
    change(&mut spec);
    let id = federation(spec);
    assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
    assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
    id
}

/// Alice's and Bob's updates of the current round.
fn honest_updates(id: FederationId) -> [Update; 2] {
    let params = Update::new(ALICE, id, &[], 10).param_count as usize;
    [
        Update::new(ALICE, id, &vec![4; params], 10),
        Update::new(BOB, id, &vec![6; params], 10),
    ]
}

/// One round in which Alice and Bob do their part, and Carol acts before commits close and after
/// reveals opened; overdue phases are moved on by a stranger.
fn play(
    id: FederationId,
    in_commit: impl FnOnce(&[Update; 2]),
    in_reveal: impl FnOnce(&[Update; 2]),
) -> Honest {
    let updates = honest_updates(id);
    for update in &updates {
        assert_ok!(update.commit());
    }
    in_commit(&updates);
    advance_if(id, |phase| matches!(phase, Phase::Commit { .. }));
    next_blocks(2);
    in_reveal(&updates);
    for update in &updates {
        assert_ok!(update.reveal());
    }
    advance_if(id, |phase| matches!(phase, Phase::Reveal { .. }));
    next_blocks(1);
    Honest {
        model: model(id),
        alice: total(ALICE),
        bob: total(BOB),
    }
}

/// One round in which all three do their part, Carol with this update.
fn play_with(id: FederationId, update: &Update) -> Honest {
    play(
        id,
        |_| {
            assert_ok!(update.commit());
        },
        |_| {
            assert_ok!(update.reveal());
        },
    )
}

/// If somebody has not answered in this phase: waits for the end of its window and moves it on.
fn advance_if(id: FederationId, is_open: fn(Phase) -> bool) {
    if Federations::<Test>::get(id).is_some_and(|state| is_open(state.phase)) {
        next_blocks(6);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
    }
}

/// The same round with Carol doing nothing at all.
fn without_adversary(change: impl FnOnce(&mut FederationSpec<Balance>)) -> Honest {
    let mut found = None;
    build_and_execute(|| found = Some(play(three(change), |_| {}, |_| {})));
    found.expect("the round was played")
}
