//! Commits and does not reveal, round after round, so that rounds lack the updates they need.
//!
//! Each such round costs its bond and its seat, and is made up for.

use fedchain_fl::view::Outcome;
use frame_support::assert_ok;
use pallet_federation::{Members, Rounds, mock::*};

use super::*;

#[test]
fn a_round_is_broken_once_per_seat_and_made_up_for() {
    build_and_execute(|| {
        // All who commit must reveal.
        let id = three(|spec| spec.quorum = 99);
        let broken = Update::new(CAROL, id, &[9; 3], 10);
        let found = play(
            id,
            |_| {
                assert_ok!(broken.commit());
            },
            |_| {},
        );
        assert_eq!(
            Rounds::<Test>::get(id, 1).unwrap().outcome,
            Outcome::Skipped
        );
        assert_eq!([found.alice, found.bob], [ENDOWMENT; 2]);
        assert_eq!(total(CAROL), ENDOWMENT - 100);
        assert!(!Members::<Test>::contains_key(id, CAROL));
        // Another takes the seat, and the one round that there is to be is played.
        assert_ok!(Federation::invite(
            RuntimeOrigin::signed(OWNER),
            id,
            STRANGER
        ));
        assert_ok!(Federation::join(RuntimeOrigin::signed(STRANGER), id));
        play(id, |_| {}, |_| {});
        assert_eq!(
            Rounds::<Test>::get(id, 2).unwrap().outcome,
            Outcome::Adopted
        );
        assert!(Federations::<Test>::get(id).unwrap().phase.is_over());
    });
}
