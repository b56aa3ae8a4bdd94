//! Certified regressions: from moments to a proven optimum, and what proves nothing.

use fedchain_fl::{
    FederationSpec, Format, LeastSquares, Refusal, Shape, Strategy, Width,
    view::{MomentsView, Outcome, PhaseView},
};
use fedchain_verifier::optimality::{Moments, Problem, Solution, solve};
use frame_support::{BoundedVec, assert_noop, assert_ok};

use crate::{WeightInfo, mock::*, pallet::*, types::Phase};

type E = Error<Test>;
pub(super) type Rows = &'static [([i16; 2], i16)];

pub(super) const ALICES: Rows = &[
    ([4096, -2000], 5000),
    ([-3000, 8192], -1200),
    ([100, 100], 300),
];
pub(super) const BOBS: Rows = &[([2500, 2500], 9000), ([-9000, 400], -30_000)];

pub(super) const FORMAT: Format = Format {
    frac_bits: 24,
    width: Width::I32,
};

pub(super) fn terms() -> LeastSquares {
    LeastSquares {
        penalty: "0.01".parse().unwrap(),
        epsilon: "1e-4".parse().unwrap(),
    }
}

pub(super) fn certified() -> FederationSpec<Balance> {
    let mut spec = spec();
    spec.task.strategy = Strategy::LeastSquares(terms());
    spec.task.format = FORMAT;
    spec
}

pub(super) fn moments(rows: Rows) -> Moments {
    let mut moments = Moments::zero(Shape::new(2).unwrap());
    for (values, target) in rows {
        moments.add_row(values, *target).unwrap();
    }
    moments
}

fn everybody() -> Moments {
    let mut sum = moments(ALICES);
    sum.add(&moments(BOBS)).unwrap();
    sum
}

pub(super) fn solution(moments: Moments) -> Solution {
    let penalty = terms().penalty_units().unwrap();
    let problem = Problem::new(moments, penalty, u64::MAX, FORMAT).unwrap();
    solve(&problem).unwrap()
}

/// A client's moments, as an update with so many rows.
pub(super) fn update(client: AccountId, id: u32, moments: &Moments, rows: u32) -> Update {
    let mut update = Update::new(client, id, &[], rows);
    update.bytes = moments.encode();
    update
}

/// The moments of Alice's rows as a client's update.
pub(super) fn moments_of(client: AccountId, id: u32) -> Update {
    update(client, id, &moments(ALICES), 3)
}

/// All these are committed and revealed.
pub(super) fn reveal_all(updates: &[Update]) {
    for update in updates {
        assert_ok!(update.commit());
    }
    next_blocks(2);
    for update in updates {
        assert_ok!(update.reveal());
    }
}

/// Both clients have revealed their moments, and nobody refuted them in time.
fn revealed(id: u32) {
    reveal_all(&[
        update(ALICE, id, &moments(ALICES), 3),
        update(BOB, id, &moments(BOBS), 2),
    ]);
    next_blocks(4);
}

pub(super) fn certify(id: u32, left_out: &[AccountId], solution: &Solution) -> Call<Test> {
    Call::certify {
        federation: id,
        left_out: BoundedVec::truncate_from(left_out.to_vec()),
        solution: BoundedVec::truncate_from(solution.encode()),
    }
}

/// A solution in the model's format: 24 instead of 32 fractional bits.
fn rounded(solution: &Solution) -> Vec<i32> {
    let round = |weight: &i64| (*weight as f64 / 256.0).round_ties_even() as i32;
    solution.weights.iter().map(round).collect()
}

#[test]
fn one_round_gives_the_optimum_of_everybodys_rows() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        let phase = Federation::get(id).unwrap().phase;
        assert!(
            matches!(
                phase,
                PhaseView::Certify {
                    deadline: Some(_),
                    ..
                }
            ),
            "{phase:?}"
        );
        assert_eq!(
            Federation::moments(id, vec![]),
            Some(MomentsView {
                rows: 5,
                values: everybody().into_values(),
            })
        );
        // Moments may be refuted until the round is settled.
        assert_eq!(held(HoldReason::Bond, ALICE), 100);

        let best = solution(everybody());
        assert_ok!(direct(STRANGER, certify(id, &[], &best)));
        next_blocks(1);
        assert_eq!(model(id), rounded(&best));
        let record = Rounds::<Test>::get(id, 1).unwrap();
        assert_eq!((record.outcome, record.accepted), (Outcome::Adopted, 2));
        let view = Federation::certificate(id, None).unwrap();
        assert_eq!((view.round, view.rows), (1, 5));
        assert_eq!(view.weights, best.weights);
        assert_eq!((view.clients, view.withheld), (vec![ALICE, BOB], vec![]));
        assert!(view.bound.epsilon <= terms().epsilon_units().unwrap());
        // The reward was paid as for any round.
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT + 15; 2]);
        assert_eq!(held(HoldReason::Bond, ALICE), 0);
    });
}

#[test]
fn the_owner_has_it_certified_anew_without_a_client() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        assert_ok!(direct(ALICE, certify(id, &[], &solution(everybody()))));
        next_blocks(1);
        assert!(matches!(
            Federation::get(id).unwrap().phase,
            PhaseView::Certify { deadline: None, .. }
        ));

        let without = solution(moments(BOBS));
        assert_noop!(direct(BOB, certify(id, &[ALICE], &without)), E::NotOwner);
        assert_noop!(direct(OWNER, certify(id, &[CAROL], &without)), E::NoMoments);
        assert_noop!(
            direct(OWNER, certify(id, &[BOB, ALICE], &without)),
            E::LeftOutUnsorted
        );
        // The optimum of everybody is not that of the rest.
        assert_noop!(
            direct(OWNER, certify(id, &[ALICE], &solution(everybody()))),
            E::UnprovenCurvature
        );
        let mut stale = without.clone();
        stale.weights = solution(everybody()).weights;
        assert_noop!(
            direct(OWNER, certify(id, &[ALICE], &stale)),
            E::SolutionTooFar
        );
        let anew = || certify(id, &[ALICE], &without); // No answer, and the owner's only.
        assert_eq!(priority(BOB, anew()), Err(Refusal::CertifyClosed.code()));
        assert_eq!(priority(OWNER, anew()), Ok(0));
        let paid = [ALICE, BOB].map(total);
        assert_ok!(direct(OWNER, anew()));
        next_blocks(1);
        assert_eq!([ALICE, BOB].map(total), paid, "for the moments");
        assert_eq!(model(id), rounded(&without));
        let view = Federation::certificate(id, Some(2)).unwrap();
        assert_eq!(
            (view.clients, view.left_out, view.rows),
            (vec![BOB], vec![ALICE], 2)
        );
        assert_eq!(Rounds::<Test>::get(id, 2).unwrap().accepted, 1);
        assert_eq!(Federation::get(id).unwrap().phase, PhaseView::Finished);
        // What was kept goes with the federation.
        assert_ok!(remove(OWNER, id));
        assert_eq!(StagedUpdates::<Test>::iter().count(), 0);
        assert_eq!(Commitments::<Test>::iter().count(), 0);
        assert_eq!(Certificates::<Test>::iter().count(), 0);
        assert_eq!(MomentSums::<Test>::iter().count(), 0);
    });
}

#[test]
fn what_proves_nothing_changes_nothing() {
    build_and_execute(|| {
        let id = federation(certified());
        let best = solution(everybody());
        assert_eq!(
            refused(ALICE, certify(id, &[], &best)),
            Some(Refusal::CertifyClosed.code())
        );
        revealed(id);
        assert_eq!(refused(STRANGER, certify(id, &[], &best)), None);
        #[track_caller]
        fn check(id: u32, change: impl FnOnce(&mut Solution), expected: E) {
            let mut wrong = solution(everybody());
            change(&mut wrong);
            assert_noop!(direct(STRANGER, certify(id, &[], &wrong)), expected);
        }
        check(id, |it| it.weights[0] += 1 << 20, E::SolutionTooFar);
        check(id, |it| it.witness[0] = 0, E::UnprovenCurvature);
        check(id, |it| it.mu = 0, E::UnprovenCurvature);
        check(id, |it| it.weights[2] = i64::MAX, E::WrongSolution);
        check(id, |it| it.witness[1] = i64::MIN, E::WrongSolution);
        check(id, |it| it.witness.truncate(5), E::WrongSolution);
        check(id, |it| it.witness.push(0), E::WrongSolution);
        assert_noop!(
            direct(OWNER, certify(id, &[ALICE], &solution(moments(BOBS)))),
            E::NobodyLeftOutAtFirst
        );
        assert_ok!(direct(STRANGER, certify(id, &[], &best)));
        assert_noop!(direct(STRANGER, certify(id, &[], &best)), E::CertifyClosed);
    });
}

#[test]
fn moments_that_no_rows_have_are_not_counted() {
    build_and_execute(|| {
        let id = federation(certified());
        // Another number of rows than the column of ones says.
        let inflated = update(ALICE, id, &moments(ALICES), 4);
        let mut negative = update(BOB, id, &moments(BOBS), 2);
        negative.bytes[..8].copy_from_slice(&(-1i64).to_le_bytes());
        assert_ok!(inflated.commit());
        assert_ok!(negative.commit());
        next_blocks(2);
        assert_noop!(inflated.reveal(), E::ImpossibleMoments);
        assert_noop!(negative.reveal(), E::ImpossibleMoments);
        assert_eq!(MomentSums::<Test>::get(id), None);
        next_blocks(6);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id).map_err(|e| e.error));
        next_blocks(1);
        let record = Rounds::<Test>::get(id, 1).unwrap();
        assert_eq!(record.outcome, Outcome::Skipped);
        assert_eq!(total(ALICE), ENDOWMENT - 100);
    });
}

#[test]
fn commitments_after_the_window_are_refused() {
    build_and_execute(|| {
        let id = federation(certified());
        let alice = update(ALICE, id, &moments(ALICES), 3);
        let bob = update(BOB, id, &moments(BOBS), 2);
        assert_ok!(alice.commit());
        next_blocks(5);
        assert_noop!(bob.commit(), E::CommitClosed);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(BOB), id).map_err(|e| e.error));
        assert_noop!(bob.commit(), E::CommitClosed);
        next_blocks(2);
        assert_ok!(alice.reveal());
        assert_noop!(bob.commit(), E::CommitClosed);
        next_blocks(4);
        assert_ok!(direct(BOB, certify(id, &[], &solution(moments(ALICES)))));
        next_blocks(1);
        assert_noop!(bob.commit(), E::WrongRound);
    });
}

#[test]
fn who_committed_and_did_not_reveal_is_named() {
    build_and_execute(|| {
        let mut spec = certified();
        spec.quorum = 0;
        let id = federation(spec);
        let alice = update(ALICE, id, &moments(ALICES), 3);
        assert_ok!(alice.commit());
        assert_ok!(update(BOB, id, &moments(BOBS), 2).commit());
        next_blocks(2);
        assert_ok!(alice.reveal());
        next_blocks(6);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id).map_err(|e| e.error));
        next_blocks(4);
        assert_ok!(direct(
            STRANGER,
            certify(id, &[], &solution(moments(ALICES)))
        ));
        next_blocks(1);
        let view = Federation::certificate(id, Some(1)).unwrap();
        assert_eq!((view.clients, view.withheld), (vec![ALICE], vec![BOB]));
        assert_eq!(total(BOB), ENDOWMENT - 100);
    });
}

#[test]
fn without_a_solution_the_round_is_skipped_and_nothing_is_kept() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        next_blocks(6);
        assert_noop!(
            direct(ALICE, certify(id, &[], &solution(everybody()))),
            E::CertifyClosed
        );
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id).map_err(|e| e.error));
        next_blocks(1);
        assert_eq!(
            Rounds::<Test>::get(id, 1).unwrap().outcome,
            Outcome::Skipped
        );
        assert_eq!(Commitments::<Test>::iter().count(), 0);
        assert_eq!(MomentSums::<Test>::iter().count(), 0);
        assert!(matches!(
            Federations::<Test>::get(id).unwrap().phase,
            Phase::Commit { .. }
        ));
        // Nobody lost a bond: all had revealed.
        assert_eq!(total(ALICE), ENDOWMENT);
    });
}

#[test]
fn the_owner_can_end_it_after_the_first_certificate() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        assert_ok!(direct(ALICE, certify(id, &[], &solution(everybody()))));
        next_blocks(1);
        assert_ok!(Federation::leave(RuntimeOrigin::signed(BOB), id));
        assert_eq!(held(HoldReason::JoinDeposit, BOB), 0);
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        next_blocks(2);
        assert_eq!(Federation::get(id).unwrap().phase, PhaseView::Cancelled);
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
        assert_eq!(held(HoldReason::Escrow, OWNER), 0);
    });
}

#[test]
fn only_a_plain_linear_task_can_be_certified() {
    build_and_execute(|| {
        let change = |change: fn(&mut FederationSpec<Balance>)| {
            let mut spec = certified();
            change(&mut spec);
            create(spec)
        };
        use fedchain_fl::{ModelSpec, NormRule, Optimiser};
        let set = |penalty: &str, epsilon: &str| {
            let (penalty, epsilon) = (penalty.parse().unwrap(), epsilon.parse().unwrap());
            let mut spec = certified();
            spec.task.strategy = Strategy::LeastSquares(LeastSquares { penalty, epsilon });
            create(spec)
        };
        assert_noop!(
            change(|spec| spec.task.model = ModelSpec::Opaque { param_count: 3 }),
            E::InvalidCertificate
        );
        assert_noop!(
            change(|spec| spec.task.norm = Some(NormRule::ClipToMedian)),
            E::InvalidCertificate
        );
        assert_noop!(
            change(|spec| spec.task.format.width = Width::I16),
            E::InvalidFracBits
        );
        assert_noop!(
            change(|spec| {
                spec.task.optimiser = Optimiser::FedAvgM {
                    momentum: "0.9".parse().unwrap(),
                    rate: "1".parse().unwrap(),
                }
            }),
            E::InvalidCertificate
        );
        assert_noop!(set("0", "1e-6"), E::InvalidCertificate);
        assert_noop!(set("65", "1e-6"), E::InvalidCertificate);
        assert_noop!(set("1", "0"), E::InvalidCertificate);
        assert_ok!(set("1", "1e-6"));
    });
}

#[test]
fn the_certificate_is_of_the_model_that_is_adopted() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        assert_ok!(direct(STRANGER, certify(id, &[], &solution(everybody()))));
        next_blocks(1);
        let view = Federation::certificate(id, None).unwrap();
        let model = model(id);
        let squared: f64 = (view.weights.iter().zip(&model))
            .map(|(exact, rounded)| ((*exact - (i64::from(*rounded) << 8)) as f64).powi(2))
            .sum();
        let unit = f64::from(1u32 << 31) * 2.0;
        let (proven, true_one) = (view.bound.epsilon as f64 / unit, squared.sqrt() / unit);
        assert!(
            proven >= true_one,
            "model {model:?}: certified within {proven:e}, it is {true_one:e} from the certified weights"
        );
    });
}

#[test]
fn a_format_too_coarse_for_epsilon_is_refused() {
    build_and_execute(|| {
        for frac_bits in [0, 8, 12] {
            let mut spec = certified();
            spec.task.format.frac_bits = frac_bits;
            assert_noop!(create(spec), E::InvalidCertificateFormat);
        }
        // Finer than rounding the solution is, whatever the rows.
        let mut spec = certified();
        spec.task.strategy = Strategy::LeastSquares(LeastSquares {
            epsilon: "1e-5".parse().unwrap(),
            ..terms()
        });
        assert_noop!(create(spec), E::InvalidCertificateFormat);
    });
}

#[test]
fn moments_without_a_list_that_certify_would_refuse_are_not_there() {
    build_and_execute(|| {
        let mut spec = certified();
        spec.clients_min = 3;
        let id = federation(spec);
        assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
        assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
        reveal_all(&[
            update(ALICE, id, &moments(ALICES), 3),
            update(BOB, id, &moments(BOBS), 2),
            update(CAROL, id, &moments(BOBS), 2),
        ]);
        assert!(Federation::moments(id, vec![ALICE, BOB]).is_some());
        let rows = Federation::moments(id, vec![BOB, ALICE]).map(|view| view.rows);
        assert_eq!(rows, None, "unsorted");
        let many = (0..17).collect();
        assert_eq!(Federation::moments(id, many), None);
    });
}

#[test]
fn opening_weighs_all_kept_commitments() {
    build_and_execute(|| {
        let id = federation(certified());
        revealed(id);
        assert_ok!(direct(ALICE, certify(id, &[], &solution(everybody()))));
        next_blocks(1);
        for client in [ALICE, BOB] {
            assert_ok!(Federation::leave(RuntimeOrigin::signed(client), id));
        }
        let state = Federations::<Test>::get(id).unwrap();
        let kept = Commitments::<Test>::iter_prefix(id).count() as u32;
        assert_eq!((state.members, kept), (0, 2));
        let charged = Federation::open_weight(&state, &Specs::<Test>::get(id).unwrap()).ref_time();
        let least = Weights::open(kept).ref_time();
        assert!(
            charged >= least,
            "{charged} is charged for opening, {least} is the weight of looking at {kept} commitments"
        );
    });
}
