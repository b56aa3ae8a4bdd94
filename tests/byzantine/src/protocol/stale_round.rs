//! Saves the work: sends last round's commitment and update again.
//!
//! A commitment binds its round and its base model. The pool refuses the old one at once, and under
//! the new round's number it cannot be opened.

use fedchain_fl::Refusal;
use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn an_old_update_is_refused_in_every_dress() {
    build_and_execute(|| {
        let id = three(|spec| spec.rounds_max = 2);
        let old = Update::new(CAROL, id, &[5; 3], 10);
        play_with(id, &old);
        assert_eq!(total(CAROL), ENDOWMENT + 10);

        assert_eq!(
            refused(CAROL, old.commit_call()),
            Some(Refusal::WrongRound.code())
        );
        let renumbered = Update {
            round: 2,
            ..old.clone()
        };
        assert_eq!(
            refused(CAROL, renumbered.commit_call()),
            Some(Refusal::StaleBase.code())
        );
        let rebased = Update {
            base_root: Update::new(CAROL, id, &[], 1).base_root,
            ..renumbered
        };
        // The hash of the first round, for the second.
        let mut commit = rebased.commit_call();
        if let pallet_federation::Call::commit { commitment, .. } = &mut commit {
            *commitment = old.commitment();
        }
        let found = play(
            id,
            |_| {
                assert_ok!(direct(CAROL, commit));
            },
            |_| {
                assert_noop!(rebased.reveal(), Error::<Test>::WrongOpening);
            },
        );
        assert_eq!(found.model, [5; 3]);
        assert_eq!(total(CAROL), ENDOWMENT + 10 - 100);
    });
}
