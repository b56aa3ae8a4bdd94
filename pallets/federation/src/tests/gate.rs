//! The quality gate: who judges, when, and what follows for model, money and memory.

use codec::Decode;
use fedchain_commitment::gate_hash;
use fedchain_fl::{
    Contributions, Decimal, Moment, NormRule, Optimiser, Refusal, Strategy, aggregate,
    gate::{GateRecord, assess},
    score,
    view::{DIGEST_ID, Outcome, PhaseView, ServerModel},
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DigestItem;

use crate::{mock::*, pallet::*, types::FederationId};

type E = Error<Test>;

const WIDE: NormRule = NormRule::Reject { max: u64::MAX };

/// Of a number of squares of the unit, at 2^-32.
fn units(whole: i64) -> i64 {
    whole << 32
}

/// A model of `y = slope * a`.
fn slope(slope: i32) -> [i32; 3] {
    [slope * ONE, 0, 0]
}

fn reveal_all(holdouts: &[Holdout]) {
    next_blocks(2);
    for holdout in holdouts {
        assert_ok!(holdout.reveal());
    }
    next_blocks(1);
}

fn outcome(id: FederationId, round: u32) -> Outcome {
    Rounds::<Test>::get(id, round).unwrap().outcome
}

fn gate(id: FederationId, round: u32) -> GateRecord<AccountId> {
    Gates::<Test>::get(id, round).unwrap()
}

fn gains(record: &GateRecord<AccountId>) -> Vec<(AccountId, i64)> {
    let gains = record.contributions.iter();
    gains.map(|found| (found.client, found.gain)).collect()
}

/// Compares the newest round with what the library makes of the same base model, updates (each with
/// count 10) and holdouts.
fn check_against_fl(
    id: FederationId,
    base: &[i32],
    updates: &[&[i32]],
    holdouts: &[Holdout],
    moments: &mut Vec<Moment>,
) {
    let task = Specs::<Test>::get(id).unwrap().task;
    let round = holdouts[0].round;
    let updates: Vec<_> = updates.iter().map(|values| (*values, 10)).collect();
    let before = moments.clone();
    let new = aggregate(&task, base, &updates, moments).unwrap();
    let rows: Vec<_> = holdouts
        .iter()
        .map(|holdout| score::Holdout::decode(&task, &holdout.bytes).unwrap())
        .collect();
    let assessment = assess(&task, (base, &new), &updates, &before, &rows, true).unwrap();
    assert_eq!(outcome(id, round), Outcome::Adopted);
    assert_eq!(model(id), new);
    let candidate_root = Federations::<Test>::get(id).unwrap().model_root;
    let roots = holdouts
        .iter()
        .map(|holdout| (holdout.evaluator, holdout.opening().values_root));
    let expected = GateRecord::new(
        (id, round),
        candidate_root,
        roots,
        [ALICE, BOB],
        &assessment,
    );
    assert_eq!(gate(id, round), expected);
}

fn phase(id: FederationId) -> PhaseView {
    Federation::get(id).unwrap().phase
}

#[test]
fn a_better_model_is_adopted_and_its_judgement_is_in_the_header() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2, 2]);
        for evaluator in EVALUATORS {
            assert_eq!(held(HoldReason::Bond, evaluator), 70);
        }
        play_round(id, &slope(1), &slope(3));
        assert!(matches!(phase(id), PhaseView::Gate { .. }));
        assert_eq!(model(id), [0, 0, 0], "the old model stays until then");
        reveal_all(&holdouts);

        assert_eq!(model(id), slope(2));
        assert_eq!(outcome(id, 1), Outcome::Adopted);
        let record = gate(id, 1);
        // The targets are 2 and 4: mean square 10. Without either client the slope is off by 1.
        assert_eq!(record.change, units(-10));
        assert_eq!(gains(&record), [(ALICE, units(5) / 2), (BOB, units(5) / 2)]);
        for (score, holdout) in record.scores.iter().zip(&holdouts) {
            assert_eq!(score.evaluator, holdout.evaluator);
            assert_eq!(score.holdout_root, holdout.opening().values_root);
            assert_eq!((score.base, score.new), (10 << 32, 0));
        }
        let digest = System::digest();
        let models: Vec<ServerModel> = digest
            .logs
            .iter()
            .filter_map(|log| match log {
                DigestItem::Consensus(DIGEST_ID, bytes) => {
                    ServerModel::decode(&mut &bytes[..]).ok()
                }
                _ => None,
            })
            .collect();
        assert_eq!(models[0].gate_hash, Some(gate_hash(&record)));
        assert_eq!(models[0].model_root, record.candidate_root);
        for evaluator in EVALUATORS {
            assert_eq!(total(evaluator), ENDOWMENT);
            assert_eq!(held(HoldReason::Bond, evaluator), 0);
        }
        assert_eq!((total(ALICE), total(BOB)), (ENDOWMENT + 15, ENDOWMENT + 15));
    });
}

#[test]
fn a_worse_model_is_recorded_and_not_adopted_and_the_poisoner_is_named() {
    build_and_execute(|| {
        let mut spec = gated();
        spec.task.optimiser = Optimiser::FedAvgM {
            momentum: "0.5".parse().unwrap(),
            rate: Decimal::whole(1),
        };
        let (id, holdouts) = judged(spec, &[2, 2, 2]);
        let before = Federations::<Test>::get(id).unwrap().model_root;
        play_round(id, &slope(-8), &slope(2));
        reveal_all(&holdouts);

        assert_eq!(outcome(id, 1), Outcome::Worse);
        assert_eq!(model(id), [0, 0, 0]);
        let record = gate(id, 1);
        assert_ne!(record.candidate_root, before);
        assert_eq!(Rounds::<Test>::get(id, 1).unwrap().model_root, before);
        // The slope would be -3: off by 5 instead of 2. It would be right without ALICE, off by 10
        // without BOB.
        assert_eq!(record.change, units(105) / 2);
        let (harm, help) = (units(-125) / 2, units(375) / 2);
        assert_eq!(gains(&record), [(ALICE, harm), (BOB, help)]);
        assert_eq!((total(ALICE), total(BOB)), (ENDOWMENT, ENDOWMENT));
        assert_eq!(
            Moments::<Test>::iter().count(),
            0,
            "the memory stays as it was"
        );

        // The next round goes on as if there had been none: nothing moves on by momentum.
        play_round(id, &slope(2), &slope(2));
        assert_eq!(outcome(id, 2), Outcome::Ungated);
        assert_eq!(model(id), slope(2));
    });
}

#[test]
fn the_tolerance_is_allowed_and_not_a_bit_more() {
    for (beyond, expected) in [(0, Outcome::Adopted), (1, Outcome::Worse)] {
        build_and_execute(|| {
            let mut spec = gated();
            spec.gate.as_mut().unwrap().tolerance = Decimal::whole(10);
            let (id, holdouts) = judged(spec, &[0, 0, 0]);
            let model = [2 * ONE + beyond, 0, 0];
            play_round(id, &model, &model);
            reveal_all(&holdouts);
            assert_eq!(outcome(id, 1), expected);
        });
    }
}

#[test]
fn the_median_decides_whatever_one_evaluator_says() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, -500, 2]);
        play_round(id, &slope(2), &slope(2));
        reveal_all(&holdouts);
        assert_eq!(outcome(id, 1), Outcome::Adopted);
        assert_eq!(gate(id, 1).change, units(-10));
    });
}

#[test]
fn below_quorum_the_model_is_adopted_unjudged_and_bonds_return() {
    build_and_execute(|| {
        let (id, _) = judged(gated(), &[2, 2]);
        play_round(id, &slope(-9), &slope(-9));
        assert_eq!(outcome(id, 1), Outcome::Ungated);
        assert_eq!(model(id), slope(-9));
        assert_eq!(Gates::<Test>::get(id, 1), None);
        assert_eq!(Holdouts::<Test>::iter().count(), 0);
        assert_eq!(total(ALICE), ENDOWMENT + 15);
        for evaluator in EVALUATORS {
            assert_eq!(held(HoldReason::Bond, evaluator), 0);
            assert_eq!(total(evaluator), ENDOWMENT);
        }
    });
}

#[test]
fn a_late_evaluator_loses_its_bond() {
    build_and_execute(|| {
        let mut spec = gated();
        spec.gate.as_mut().unwrap().contributions = Contributions::Paid;
        spec.task.norm = Some(WIDE);
        let (id, holdouts) = judged(spec, &[2, 2, 2]);
        play_round(id, &slope(-9), &slope(-9));
        next_blocks(2);
        assert_ok!(holdouts[0].reveal());
        assert_ok!(holdouts[1].reveal());
        assert_noop!(
            Federation::advance(RuntimeOrigin::signed(STRANGER), id),
            E::NotOverdue
        );
        next_blocks(4);
        let late = holdouts[2].reveal_calls().remove(0);
        assert_eq!(
            refused(EVALUATORS[2], late),
            Some(Refusal::RevealClosed.code())
        );
        assert_noop!(holdouts[2].reveal(), E::RevealClosed);
        let issuance = Balances::total_issuance();
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        // Too few: nothing is measured, and all are paid alike.
        assert_eq!(outcome(id, 1), Outcome::Ungated);
        assert_eq!(total(ALICE), ENDOWMENT + 15);
        assert_eq!(Balances::total_issuance(), issuance - 70);
        assert_eq!(total(EVALUATORS[2]), ENDOWMENT - 70);
        assert_eq!(total(EVALUATORS[1]), ENDOWMENT);
        assert_eq!(StagedUpdates::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_skipped_round_returns_the_evaluators_bonds() {
    build_and_execute(|| {
        let (id, _) = judged(gated(), &[2, 2, 2]);
        next_blocks(5);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Skipped);
        for evaluator in EVALUATORS {
            assert_eq!(held(HoldReason::Bond, evaluator), 0);
            assert_eq!(total(evaluator), ENDOWMENT);
        }
    });
}

#[test]
fn no_holdout_judges_twice() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2, 2]);
        let again: Vec<_> = holdouts
            .iter()
            .map(|holdout| Holdout {
                round: 2,
                ..holdout.clone()
            })
            .collect();
        for holdout in &again {
            assert_ok!(holdout.commit());
        }
        play_round(id, &slope(2), &slope(2));
        reveal_all(&holdouts);
        play_round(id, &slope(2), &slope(2));
        next_blocks(2);
        assert_noop!(again[0].reveal(), E::HoldoutUsed);
        next_blocks(4);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        assert_eq!(outcome(id, 2), Outcome::Ungated);
    });
}

#[test]
fn evaluators_are_no_clients() {
    build_and_execute(|| {
        let owner = || RuntimeOrigin::signed(OWNER);
        let mut spec = gated();
        spec.gate.as_mut().unwrap().evaluators_max = 4;
        let (id, _) = judged(spec, &[]);
        assert_ok!(Federation::invite(owner(), id, CAROL));
        assert_noop!(Federation::appoint(owner(), id, ALICE), E::AlreadyMember);
        assert_noop!(Federation::appoint(owner(), id, CAROL), E::AlreadyInvited);
        let evaluator = EVALUATORS[0];
        assert_noop!(
            Federation::appoint(owner(), id, evaluator),
            E::AlreadyEvaluator
        );
        assert_noop!(
            Federation::invite(owner(), id, evaluator),
            E::AlreadyEvaluator
        );
        let signed = RuntimeOrigin::signed;
        assert_noop!(Federation::join(signed(evaluator), id), E::AlreadyEvaluator);
        assert_noop!(
            Federation::appoint(signed(ALICE), id, STRANGER),
            E::NotOwner
        );
        assert_ok!(Federation::appoint(owner(), id, STRANGER));
        assert_noop!(Federation::appoint(owner(), id, 77), E::Full);
        let ungated = federation(crate::mock::spec());
        assert_noop!(Federation::appoint(owner(), ungated, STRANGER), E::NoGate);
    });
}

#[test]
fn holdouts_are_taken_for_the_coming_round_only_and_once() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2]);
        let next = Holdout::of_slope(EVALUATORS[2], id, 2);
        let refusal = |holdout: &Holdout| refused(holdout.evaluator, holdout.commit_call());
        for round in [0, 1, 3] {
            let wrong = Holdout {
                round,
                ..next.clone()
            };
            assert_noop!(wrong.commit(), E::WrongRound);
            assert_eq!(refusal(&wrong), Some(Refusal::WrongRound.code()));
        }
        let stranger = Holdout {
            evaluator: STRANGER,
            ..next.clone()
        };
        assert_noop!(stranger.commit(), E::NotEvaluator);
        assert_eq!(refusal(&stranger), Some(Refusal::NotEvaluator.code()));
        assert_ok!(next.commit());
        assert_noop!(next.commit(), E::AlreadyCommitted);
        assert_noop!(holdouts[0].reveal(), E::RevealClosed);
        let call = RuntimeCall::Federation(next.commit_call());
        let wrapped =
            sp_runtime::traits::Dispatchable::dispatch(call, RuntimeOrigin::signed(EVALUATORS[2]));
        assert_eq!(wrapped.unwrap_err().error, E::WrappedCall.into());
    });
}

#[test]
fn a_holdout_is_the_one_committed_to() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2, 2]);
        play_round(id, &slope(2), &slope(2));
        assert_noop!(holdouts[0].reveal(), E::RevealClosed);
        next_blocks(2);
        let mine = &holdouts[0];
        let wrong_salt = Holdout {
            salt: [9; 32],
            ..mine.clone()
        };
        assert_noop!(wrong_salt.reveal(), E::WrongOpening);
        let mut other_rows = mine.clone();
        other_rows.bytes[0] ^= 1;
        assert_noop!(other_rows.reveal(), E::WrongOpening);
        let stolen = Holdout {
            evaluator: EVALUATORS[1],
            ..mine.clone()
        };
        assert_noop!(stolen.reveal(), E::WrongOpening);
        let mut short = mine.clone();
        short.bytes.truncate(12);
        assert_noop!(short.reveal(), E::WrongPart);
        let stranger = Holdout {
            evaluator: STRANGER,
            ..mine.clone()
        };
        assert_noop!(stranger.reveal(), E::NoCommitment);
        assert_ok!(mine.reveal());
        assert_noop!(mine.reveal(), E::NoCommitment);
    });
}

#[test]
fn an_evaluator_leaves_but_not_while_it_judges() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2, 2]);
        let leave = |who| Federation::leave(RuntimeOrigin::signed(who), id);
        assert_noop!(leave(EVALUATORS[0]), E::HoldoutBonded);
        play_round(id, &slope(2), &slope(2));
        reveal_all(&holdouts);
        // The second round, the last, is open.
        assert_ok!(leave(EVALUATORS[0]));
        assert_noop!(leave(EVALUATORS[0]), E::NotMember);
        assert_eq!(Federations::<Test>::get(id).unwrap().evaluators, 2);

        let (waiting, _) = judged(gated(), &[]);
        let pledge = Holdout::of_slope(EVALUATORS[1], waiting, 2);
        assert_ok!(pledge.commit());
        assert_eq!(held(HoldReason::Bond, EVALUATORS[1]), 70);
        assert_ok!(Federation::leave(
            RuntimeOrigin::signed(EVALUATORS[1]),
            waiting
        ));
        assert_eq!(held(HoldReason::Bond, EVALUATORS[1]), 0);
    });
}

#[test]
fn an_evaluator_without_a_holdout_for_a_whole_round_loses_its_seat() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2]);
        let seats = || Federation::get(id).unwrap().evaluators.len();
        assert_ok!(Holdout::of_slope(EVALUATORS[0], id, 2).commit());
        play_round(id, &slope(2), &slope(2));
        assert_eq!(outcome(id, 1), Outcome::Ungated);
        assert_eq!(seats(), 2, "the third had none");
        drop(holdouts);
        assert_ok!(Federation::appoint(
            RuntimeOrigin::signed(OWNER),
            id,
            STRANGER
        ));
        assert_eq!(seats(), 3);
    });
}

#[test]
fn the_end_of_the_federation_returns_what_is_bonded() {
    build_and_execute(|| {
        let (id, holdouts) = judged(gated(), &[2, 2, 2]);
        let next = Holdout::of_slope(EVALUATORS[0], id, 2);
        assert_ok!(next.commit());
        play_round(id, &slope(2), &slope(2));
        next_blocks(2);
        assert_ok!(holdouts[0].reveal());
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        let late = Holdout::of_slope(EVALUATORS[1], id, 2);
        assert_noop!(late.commit(), E::CommitClosed);
        assert_ok!(holdouts[1].reveal());
        assert_ok!(holdouts[2].reveal());
        next_blocks(1);
        assert_eq!(outcome(id, 1), Outcome::Adopted);
        assert_eq!(phase(id), PhaseView::Cancelled);
        for evaluator in EVALUATORS {
            assert_eq!(held(HoldReason::Bond, evaluator), 0);
        }
        assert_ok!(remove(OWNER, id));
        assert_eq!(Gates::<Test>::iter().count(), 0);
        assert_eq!(UsedHoldouts::<Test>::iter().count(), 0);
        assert_eq!(Evaluators::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_cancelled_federation_that_waited_returns_holdouts() {
    build_and_execute(|| {
        let id = NextFederation::<Test>::get();
        let owner = || RuntimeOrigin::signed(OWNER);
        assert_ok!(create(gated()));
        assert_ok!(Federation::appoint(owner(), id, EVALUATORS[0]));
        assert_ok!(Holdout::of_slope(EVALUATORS[0], id, 2).commit());
        assert_ok!(Federation::cancel(owner(), id));
        next_blocks(1);
        assert_eq!(phase(id), PhaseView::Cancelled);
        assert_eq!(held(HoldReason::Bond, EVALUATORS[0]), 0);
    });
}

#[test]
fn no_holdout_is_taken_for_a_round_that_will_not_come() {
    build_and_execute(|| {
        let mut spec = gated();
        spec.rounds_max = 1;
        let (id, _) = judged(spec, &[]);
        assert_noop!(
            Holdout::of_slope(EVALUATORS[0], id, 2).commit(),
            E::FederationOver
        );
    });
}

#[test]
fn rewards_go_to_those_whose_contribution_is_above_zero() {
    // Slopes in quarters, the gains that follow in squares of them, and the rewards.
    for (slopes, squares, rewards) in [
        ([13, 7], [1 - 4, 25 - 4], [0, 15]),
        ([13, 5], [9 - 1, 25 - 1], [15, 15]),
        ([8, 8], [0, 0], [0, 0]),
    ] {
        build_and_execute(|| {
            let mut spec = gated();
            spec.gate.as_mut().unwrap().contributions = Contributions::Paid;
            spec.task.norm = Some(WIDE);
            let (id, holdouts) = judged(spec, &[2, 2, 2]);
            let [alice, bob] = slopes.map(|quarters| [quarters * ONE / 4, 0, 0]);
            play_round(id, &alice, &bob);
            reveal_all(&holdouts);
            let [first, second] = squares.map(|square| units(square * 5) / 32);
            assert_eq!(gains(&gate(id, 1)), [(ALICE, first), (BOB, second)]);
            let paid = [ALICE, BOB].map(|who| total(who) - ENDOWMENT);
            assert_eq!(paid, rewards);
        });
    }
}

#[test]
fn a_holdout_in_many_parts_is_judged_as_one() {
    build_and_execute(|| {
        let mut spec = gated();
        let feature = spec.task.schema.features[0].clone();
        let features: Vec<_> = (0..100)
            .map(|place| fedchain_fl::Column {
                name: format!("f{place}").parse().unwrap(),
                ..feature.clone()
            })
            .collect();
        spec.task.schema.features = features.try_into().unwrap();
        let rows = spec.gate.as_mut().unwrap();
        rows.rows = 1_000;
        let id = NextFederation::<Test>::get();
        assert_ok!(create(spec));
        let holdouts: Vec<_> = EVALUATORS
            .into_iter()
            .map(|evaluator| {
                assert_ok!(Federation::appoint(
                    RuntimeOrigin::signed(OWNER),
                    id,
                    evaluator
                ));
                let values: Vec<i32> = (0..101 * 1_000)
                    .map(|place| (place % 101) * 7 + evaluator as i32)
                    .collect();
                Holdout::new(evaluator, id, &values)
            })
            .collect();
        for holdout in &holdouts {
            assert_eq!(holdout.reveal_calls().len(), 2);
            assert_ok!(holdout.commit());
        }
        join_both(id);
        play_round(id, &[3; 101], &[5; 101]);
        next_blocks(2);
        let mut parts = holdouts[0].reveal_calls();
        let (second, first) = (parts.pop().unwrap(), parts.pop().unwrap());
        assert_noop!(direct(EVALUATORS[0], second.clone()), E::PartOutOfOrder);
        assert_ok!(direct(EVALUATORS[0], first.clone()));
        assert_noop!(direct(EVALUATORS[0], first), E::PartTaken);
        next_blocks(1);
        assert_ok!(direct(EVALUATORS[0], second));
        assert_ok!(holdouts[1].reveal());
        assert_ok!(holdouts[2].reveal());
        next_blocks(1);
        let updates = [&[3; 101][..], &[5; 101]];
        check_against_fl(id, &[0; 101], &updates, &holdouts, &mut Vec::new());
    });
}

#[test]
fn the_chain_judges_as_the_library_does() {
    for (strategy, norm) in [
        (Strategy::FedAvg, Some(NormRule::ClipToMedian)),
        (Strategy::GeometricMedian, None),
        (Strategy::Median, None),
    ] {
        build_and_execute(|| {
            let mut spec = gated();
            spec.task.strategy = strategy;
            spec.task.norm = norm;
            spec.gate.as_mut().unwrap().tolerance = Decimal::whole(1_000_000);
            spec.task.optimiser = Optimiser::FedAvgM {
                momentum: "0.9".parse().unwrap(),
                rate: Decimal::whole(1),
            };
            let mut moments = Vec::new();
            let (id, mut holdouts) = judged(spec, &[1, 2, 3]);
            for round in 1..=2 {
                let shift = round * 1_000;
                let alice = [ONE + shift, 70_000, -5];
                let bob = [3 * ONE, shift, 40_000];
                let next: Vec<_> = EVALUATORS
                    .into_iter()
                    .map(|evaluator| Holdout::of_slope(evaluator, id, evaluator as i32 - 9))
                    .collect();
                if round == 1 {
                    for holdout in &next {
                        assert_ok!(holdout.commit());
                    }
                }
                let base = model(id);
                play_round(id, &alice, &bob);
                reveal_all(&holdouts);
                check_against_fl(id, &base, &[&alice, &bob], &holdouts, &mut moments);
                holdouts = next;
            }
        });
    }
}
