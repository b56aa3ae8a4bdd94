//! What the pool refuses, and what wrapped calls get.

use frame_support::{assert_noop, assert_ok};

use crate::{Call, mock::*, pallet::*};
use fedchain_commitment::parts;
use fedchain_fl::{H256, Refusal};

#[track_caller]
fn check(signer: AccountId, call: Call<Test>, expected: Option<Refusal>) {
    assert_eq!(
        refused(signer, call),
        expected.map(Refusal::code),
        "{expected:?}"
    );
}

#[test]
fn the_pool_refuses_what_is_out_of_phase() {
    build_and_execute(|| {
        let id = federation(spec());
        let update = Update::new(ALICE, id, &[1, 1, 1], 5);
        let bob = Update::new(BOB, id, &[1, 1, 1], 5);
        let stale = Update {
            base_root: H256::repeat_byte(1),
            ..update.clone()
        };
        let unknown = Update {
            federation: 7,
            ..update.clone()
        };
        let future = Update {
            round: 2,
            ..update.clone()
        };

        let part = parts(&update.bytes).remove(0);

        check(ALICE, update.commit_call(), None);
        check(STRANGER, update.commit_call(), Some(Refusal::NotOnRoster));
        check(
            ALICE,
            unknown.commit_call(),
            Some(Refusal::UnknownFederation),
        );
        check(ALICE, future.commit_call(), Some(Refusal::WrongRound));
        check(ALICE, stale.commit_call(), Some(Refusal::StaleBase));
        check(
            ALICE,
            update.part_call(part.clone()),
            Some(Refusal::NoCommitment),
        );
        check(
            STRANGER,
            Call::advance { federation: id },
            Some(Refusal::NotOverdue),
        );

        assert_ok!(update.commit());
        check(ALICE, update.commit_call(), Some(Refusal::AlreadyCommitted));
        check(
            ALICE,
            update.part_call(part.clone()),
            Some(Refusal::RevealClosed),
        );
        assert_ok!(bob.commit());
        check(
            ALICE,
            update.part_call(part.clone()),
            Some(Refusal::RevealClosed),
        );
        next_blocks(2);
        check(ALICE, update.part_call(part.clone()), None);
        check(BOB, bob.commit_call(), Some(Refusal::CommitClosed));

        assert_ok!(update.reveal());
        check(
            ALICE,
            update.part_call(part.clone()),
            Some(Refusal::NoCommitment),
        );
        next_blocks(4);
        check(
            BOB,
            bob.part_call(part.clone()),
            Some(Refusal::RevealClosed),
        );
        check(STRANGER, Call::advance { federation: id }, None);
    });
}

#[test]
fn wrapped_commits_and_reveals_are_refused() {
    build_and_execute(|| {
        let id = federation(spec());
        let update = Update::new(ALICE, id, &[1, 1, 1], 5);
        assert_noop!(
            plain(Federation::commit(
                RuntimeOrigin::signed(ALICE),
                id,
                1,
                update.base_root,
                update.commitment()
            )),
            Error::<Test>::WrappedCall
        );
    });
}

#[test]
fn another_clients_commitment_cannot_be_opened() {
    build_and_execute(|| {
        let id = federation(spec());
        let alice = Update::new(ALICE, id, &[1, 1, 1], 5);
        let copy = Update {
            client: BOB,
            ..alice.clone()
        };
        assert_ok!(alice.commit());
        assert_ok!(direct(BOB, alice.commit_call()));
        next_blocks(2);
        assert_noop!(
            direct(BOB, alice.reveal_calls().remove(0)),
            Error::<Test>::WrongOpening
        );
        assert_noop!(copy.reveal(), Error::<Test>::WrongOpening);
        assert_ok!(alice.reveal());
    });
}

#[test]
fn nobody_can_name_a_direct_origin_in_a_call() {
    use crate::extension::RawOrigin;
    use codec::{Decode, Encode};
    let bytes = RawOrigin::Direct(ALICE).encode();
    assert!(RawOrigin::<AccountId>::decode(&mut bytes.as_slice()).is_err());
    let origin = OriginCaller::from(RawOrigin::Direct(ALICE)).encode();
    assert!(OriginCaller::decode(&mut origin.as_slice()).is_err());
}

#[test]
fn a_refused_removal_weighs_a_look() {
    use crate::WeightInfo;
    build_and_execute(|| {
        let id = federation(spec());
        for (who, id, refusal) in [
            (OWNER, 99, Refusal::UnknownFederation),
            (ALICE, id, Refusal::NotOwner),
            (OWNER, id, Refusal::FederationRuns),
        ] {
            check(who, Call::remove { federation: id }, Some(refusal));
            let failed = Federation::remove(RuntimeOrigin::signed(who), id).unwrap_err();
            assert_eq!(failed.post_info.actual_weight, Some(Weights::check()));
            assert_eq!(failed.error, Error::<Test>::from(refusal).into());
        }
    });
}
