//! Moments that no rows have: refuted, before they are behind a certificate.

use fedchain_fl::{Refusal, Shape, view::Outcome};
use fedchain_verifier::optimality::{Moments, Problem, refute, solve};
use frame_support::{BoundedVec, assert_noop, assert_ok};

use super::certify::{
    ALICES, BOBS, FORMAT, certified, certify, moments, reveal_all, solution, terms, update,
};
use crate::{mock::*, pallet::*};

type E = Error<Test>;

/// Rows are claimed whose first feature is always zero, and yet goes with the second.
fn impossible() -> Moments {
    let mut values = moments(BOBS).into_values();
    (values[0], values[1]) = (0, 2 << 30);
    Moments::new(Shape::new(2).unwrap(), 2, values).unwrap()
}

/// Everybody reveals; BOB moments that no rows have.
fn sabotaged() -> u32 {
    let id = federation(certified());
    reveal_all(&[
        update(ALICE, id, &moments(ALICES), 3),
        update(BOB, id, &impossible(), 2),
    ]);
    id
}

fn refutation(id: u32, client: AccountId, vector: Vec<u8>) -> Call<Test> {
    Call::refute {
        federation: id,
        client,
        vector: BoundedVec::truncate_from(vector),
    }
}

#[test]
fn what_one_client_alone_can_answer_comes_first() {
    build_and_execute(|| {
        let id = sabotaged();
        let proof = refute(&impossible(), 1.0).unwrap();
        let refutation = refutation(id, BOB, proof);
        let other = federation(spec());
        let commit = Update::new(ALICE, other, &[2, 2, 2], 5).commit_call();
        let alone = priority(ALICE, commit).unwrap();
        let shared = priority(ALICE, refutation.clone()).unwrap();
        assert!(alone > shared && shared > 0, "{alone} {shared}");
        // Who has nothing at stake comes with all others.
        assert_eq!(priority(STRANGER, refutation), Ok(0));
    });
}

#[test]
fn who_sends_moments_of_no_rows_is_named_and_loses_its_bond_and_the_others_go_on() {
    build_and_execute(|| {
        let issuance = Balances::total_issuance();
        let id = sabotaged();
        let mut sum = moments(ALICES);
        sum.add(&impossible()).unwrap();
        let penalty = terms().penalty_units().unwrap();
        let problem = Problem::new(sum, penalty, u64::MAX, FORMAT).unwrap();
        assert_eq!(solve(&problem), None, "nobody can solve that");

        let proof = refute(&impossible(), 1.0).unwrap();
        assert_eq!(refute(&moments(ALICES), 1.0), None);
        assert_noop!(
            direct(STRANGER, refutation(id, ALICE, proof.clone())),
            E::NoRefutation
        );
        assert_noop!(
            direct(STRANGER, refutation(id, BOB, vec![0; proof.len()])),
            E::NoRefutation
        );
        assert_eq!(refused(STRANGER, refutation(id, BOB, proof.clone())), None);
        next_blocks(3);
        assert_ok!(direct(STRANGER, refutation(id, BOB, proof.clone())));
        assert_eq!(
            refused(STRANGER, refutation(id, BOB, proof.clone())),
            Some(Refusal::NoCommitment.code())
        );
        // The others have all of a window again.
        next_blocks(6);
        assert_ok!(direct(ALICE, certify(id, &[], &solution(moments(ALICES)))));
        next_blocks(1);
        let view = Federation::certificate(id, Some(1)).unwrap();
        assert_eq!((view.clients, view.guilty), (vec![ALICE], vec![BOB]));
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT + 15, ENDOWMENT - 100]);
        assert_eq!(Balances::total_issuance(), issuance - 100);
        assert!(!Members::<Test>::contains_key(id, BOB));
        assert_noop!(
            direct(STRANGER, refutation(id, ALICE, proof)),
            E::CertifyClosed
        );
    });
}

#[test]
fn nobody_certifies_moments_before_others_had_the_time_to_refute_them() {
    build_and_execute(|| {
        // With Alice's rows, the sum has a solution all the same.
        let mut values = moments(BOBS).into_values();
        (values[0], values[1]) = (0, 1 << 22);
        let false_moments = Moments::new(Shape::new(2).unwrap(), 2, values).unwrap();
        let mut sum = moments(ALICES);
        sum.add(&false_moments).unwrap();
        let id = federation(certified());
        let at_once = certify(id, &[], &solution(sum));
        reveal_all(&[
            update(ALICE, id, &moments(ALICES), 3),
            update(BOB, id, &false_moments, 2),
        ]);
        let closed = Some(Refusal::CertifyClosed.code());
        assert_eq!(refused(BOB, at_once.clone()), closed);
        next_blocks(3);
        assert_eq!(refused(BOB, at_once.clone()), closed);
        // What keeps refutations out wins no time.
        full_blocks(10);
        assert_eq!(refused(BOB, at_once.clone()), closed);
        assert_noop!(direct(BOB, at_once), E::CertifyClosed);
        let proof = refute(&false_moments, 1.0).unwrap();
        assert_ok!(direct(ALICE, refutation(id, BOB, proof)));

        // Of what is left, anything may be refuted as well.
        let best = certify(id, &[], &solution(moments(ALICES)));
        next_blocks(3);
        assert_eq!(refused(ALICE, best.clone()), closed);
        next_blocks(1);
        assert_ok!(direct(ALICE, best));
        next_blocks(1);
        assert_eq!(Federation::certificate(id, None).unwrap().guilty, [BOB]);
    });
}

#[test]
fn without_the_guilty_a_round_may_lack_its_quorum() {
    build_and_execute(|| {
        // BOB alone has moments: of rows there are none.
        let id = federation(certified());
        let bob = update(BOB, id, &impossible(), 2);
        assert_ok!(bob.commit());
        next_blocks(5);
        assert_ok!(plain(Federation::advance(RuntimeOrigin::signed(BOB), id)));
        next_blocks(2);
        assert_ok!(bob.reveal());
        let proof = refute(&impossible(), 1.0).unwrap();
        assert_ok!(direct(ALICE, refutation(id, BOB, proof)));
        next_blocks(1);
        assert_eq!(
            Rounds::<Test>::get(id, 1).unwrap().outcome,
            Outcome::Skipped
        );
        assert_eq!(MomentSums::<Test>::get(id), None);
        assert_eq!(total(BOB), ENDOWMENT - 100);
    });
}

#[test]
fn the_refuted_lose_their_bond_in_a_crowded_round_too() {
    build_and_execute(|| {
        let issuance = Balances::total_issuance();
        let id = sabotaged();
        let proof = refute(&impossible(), 1.0).unwrap();
        assert_ok!(direct(STRANGER, refutation(id, BOB, proof)));
        full_blocks(80);
        assert_ok!(plain(Federation::advance(
            RuntimeOrigin::signed(STRANGER),
            id
        )));
        next_blocks(1);
        let outcome = Rounds::<Test>::get(id, 1).unwrap().outcome;
        assert_eq!(
            (
                total(BOB),
                issuance - Balances::total_issuance(),
                Members::<Test>::contains_key(id, BOB)
            ),
            (ENDOWMENT - 100, 100, false),
            "what the liar owns; burned; the liar's seat; outcome {outcome:?}"
        );
    });
}
