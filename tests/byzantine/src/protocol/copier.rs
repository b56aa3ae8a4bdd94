//! Takes a free ride on another client's work: commits to what it saw another commit to, and reveals
//! what the other revealed.
//!
//! A commitment binds its account, so the copy cannot be opened; the copier's own commitment to
//! copied values would have needed them before they were public.

use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn a_copied_commitment_cannot_be_opened_and_costs_its_bond() {
    let expected = without_adversary(|_| {});
    build_and_execute(|| {
        let id = three(|_| {});
        let found = play(
            id,
            |[alice, _]| {
                assert_ok!(direct(CAROL, alice.commit_call()));
            },
            |[alice, _]| {
                for call in alice.reveal_calls() {
                    assert_noop!(direct(CAROL, call), Error::<Test>::WrongOpening);
                }
            },
        );
        assert_eq!(found.model, expected.model);
        // Each has the part of one of three: nobody gains by a third that fails.
        assert_eq!([found.alice, found.bob], [ENDOWMENT + 10; 2]);
        assert_eq!(total(CAROL), ENDOWMENT - 100);
    });
}
