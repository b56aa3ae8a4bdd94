//! Who is in, from when, and until when.

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, pallet::*, types::Phase};
use fedchain_fl::Membership;

type E = Error<Test>;

fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

#[test]
fn only_the_invited_join_and_only_once() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_noop!(Federation::join(signed(STRANGER), id), E::NotInvited);
        assert_noop!(Federation::join(signed(ALICE), id), E::AlreadyMember);
        assert_noop!(Federation::invite(signed(ALICE), id, CAROL), E::NotOwner);
        assert_noop!(
            Federation::invite(signed(OWNER), id, ALICE),
            E::AlreadyMember
        );
        assert_ok!(Federation::invite(signed(OWNER), id, CAROL));
        assert_noop!(
            Federation::invite(signed(OWNER), id, CAROL),
            E::AlreadyInvited
        );
        assert_noop!(Federation::invite(signed(OWNER), id, STRANGER), E::Full);
    });
}

#[test]
fn open_federations_need_no_invitation() {
    build_and_execute(|| {
        let mut open = spec();
        open.membership = Membership::Open;
        let id = federation(open);
        assert_noop!(
            Federation::invite(signed(OWNER), id, CAROL),
            E::InvitationNotNeeded
        );
        assert_ok!(Federation::join(signed(STRANGER), id));
        assert_noop!(Federation::join(signed(CAROL), id), E::Full);
    });
}

#[test]
fn the_roster_freezes_when_a_round_opens() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_ok!(Federation::invite(signed(OWNER), id, CAROL));
        assert_ok!(Federation::join(signed(CAROL), id));
        assert_noop!(
            Update::new(CAROL, id, &[1, 1, 1], 5).commit(),
            E::NotOnRoster
        );

        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        assert_eq!(Federations::<Test>::get(id).unwrap().round.roster, 3);
        assert_ok!(Update::new(CAROL, id, &[1, 1, 1], 5).commit());
    });
}

#[test]
fn leaving_counts_from_the_next_round() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_ok!(Federation::leave(signed(BOB), id));
        assert_noop!(Federation::leave(signed(BOB), id), E::AlreadyLeaving);
        assert_noop!(Federation::leave(signed(CAROL), id), E::NotMember);
        assert_eq!(held(HoldReason::JoinDeposit, BOB), 50);

        play_round(id, &[2, 2, 2], &[4, 4, 4]);
        assert_eq!(model(id), [3, 3, 3]);
        assert_eq!(held(HoldReason::JoinDeposit, BOB), 0);
        assert_eq!(Federations::<Test>::get(id).unwrap().phase, Phase::Waiting);

        assert_ok!(Federation::invite(signed(OWNER), id, CAROL));
        assert_ok!(Federation::join(signed(CAROL), id));
        assert_eq!(Federations::<Test>::get(id).unwrap().round.index, 2);
    });
}

#[test]
fn leaving_while_waiting_is_at_once() {
    build_and_execute(|| {
        assert_ok!(create(spec()));
        assert_ok!(Federation::invite(signed(OWNER), 0, ALICE));
        assert_ok!(Federation::join(signed(ALICE), 0));
        assert_ok!(Federation::leave(signed(ALICE), 0));
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
        assert_noop!(Federation::join(signed(ALICE), 0), E::NotInvited);
    });
}

#[test]
fn two_missed_rounds_drop_a_member() {
    build_and_execute(|| {
        let mut long = spec();
        long.rounds_max = 5;
        let id = federation(long);
        for round in 1..=2 {
            assert_eq!(Federations::<Test>::get(id).unwrap().round.index, round);
            let update = Update::new(ALICE, id, &[1, 1, 1], 5);
            assert_ok!(update.commit());
            next_blocks(5);
            assert_ok!(Federation::advance(signed(STRANGER), id));
            next_blocks(2);
            assert_ok!(update.reveal());
            next_blocks(1);
        }
        assert_eq!(held(HoldReason::JoinDeposit, BOB), 0);
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 50);
        assert_eq!(Federations::<Test>::get(id).unwrap().phase, Phase::Waiting);
    });
}

#[test]
fn who_commits_every_second_round_is_dropped_too() {
    build_and_execute(|| {
        let mut long = spec();
        long.rounds_max = 5;
        let id = federation(long);
        for round in 1..=3 {
            assert!(Members::<Test>::contains_key(id, BOB), "round {round}");
            let alice = Update::new(ALICE, id, &[1, 1, 1], 5);
            assert_ok!(alice.commit());
            let bob = Update::new(BOB, id, &[1, 1, 1], 5);
            if round == 2 {
                assert_ok!(bob.commit());
            } else {
                next_blocks(5);
                assert_ok!(Federation::advance(signed(STRANGER), id));
            }
            next_blocks(2);
            assert_ok!(alice.reveal());
            if round == 2 {
                assert_ok!(bob.reveal());
            }
            next_blocks(1);
        }
        assert!(!Members::<Test>::contains_key(id, BOB));
        assert!(Members::<Test>::contains_key(id, ALICE));
    });
}

#[test]
fn an_invitation_that_was_not_used_can_be_withdrawn() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_ok!(Federation::invite(signed(OWNER), id, CAROL));
        assert_noop!(Federation::withdraw(signed(CAROL), id, CAROL), E::NotOwner);
        assert_noop!(
            Federation::withdraw(signed(OWNER), id, ALICE),
            E::NotInvited
        );
        assert_ok!(Federation::withdraw(signed(OWNER), id, CAROL));
        assert_noop!(Federation::join(signed(CAROL), id), E::NotInvited);
        // The seat is free again.
        assert_ok!(Federation::invite(signed(OWNER), id, STRANGER));
    });
}
