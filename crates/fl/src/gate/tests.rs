//! Poisoners, liars among the holdouts, and the steps of a judgement.

use alloc::{vec, vec::Vec};
use codec::{Decode, Encode};

use super::*;
use crate::{
    Decimal, NormRule, Optimiser, Strategy,
    limits::{CONTRIBUTIONS_MAX, EVALUATORS_MAX},
    score::{FEATURE_FRAC_BITS, tests::linear},
};

/// One, as a feature and, in the default format, as a weight.
const ONE: i32 = 1 << FEATURE_FRAC_BITS;

/// One feature, one real target: models are slope and intercept.
fn task(strategy: Strategy) -> TaskSpec {
    TaskSpec {
        strategy,
        ..linear(1)
    }
}

/// Rows of `y = slope * x`.
fn holdout(task: &TaskSpec, slope: i32) -> Holdout {
    let rows = [1, 2, -1, 3].into_iter();
    let values = rows.flat_map(|x| [x * ONE, slope * x * ONE]).collect();
    Holdout::new(task, values).unwrap()
}

/// Judges a round whose clients reveal these slopes, with these counts, from the base slope 1.
fn judge(task: &TaskSpec, clients: &[(i32, u32)], holdouts: &[Holdout]) -> Assessment {
    let values: Vec<[i32; 2]> = clients.iter().map(|(slope, _)| [slope * ONE, 0]).collect();
    let counts = clients.iter().map(|(_, count)| *count);
    let updates: Vec<(&[i32], u32)> = values.iter().map(|v| &v[..]).zip(counts).collect();
    let base = [ONE, 0];
    let mut moments = Vec::new();
    let new = aggregate(task, &base, &updates, &mut moments).unwrap();
    assess(task, (&base, &new), &updates, &[], holdouts, true).unwrap()
}

/// Of a number of squares of the unit, at 2^-32.
fn units(whole: i64) -> i64 {
    whole << 32
}

#[test]
fn an_honest_round_improves_and_the_poisoner_is_named() {
    let task = task(Strategy::FedAvg);
    let holdouts = vec![holdout(&task, 2); 3];
    let honest = judge(&task, &[(2, 1), (2, 1)], &holdouts);
    // x^2 is 15/4 in the mean; the slope was off by 1 and is right.
    assert_eq!(honest.change(), units(-15) / 4);
    assert_eq!(honest.contributions(), [0, 0]);

    let poisoned = judge(&task, &[(2, 1), (-10, 2), (2, 1)], &holdouts);
    // The slope is -4: off by 6 instead of 1. Without the poisoner it would be right, without
    // another -6.
    assert_eq!(poisoned.change(), units(35 * 15) / 4);
    let helped = units(28 * 15) / 4;
    assert_eq!(
        poisoned.contributions(),
        [helped, units(-36 * 15) / 4, helped]
    );
    let losses: Vec<_> = poisoned.losses().collect();
    let (before, after) = (units(15) as u64 / 4, units(36 * 15) as u64 / 4);
    assert_eq!(losses, [(before, after); 3]);
}

#[test]
fn a_minority_of_bad_holdouts_decides_nothing() {
    let task = task(Strategy::FedAvg);
    let good = holdout(&task, 2);
    for bad in [-1_000, 1_000] {
        let holdouts = [
            good.clone(),
            holdout(&task, bad),
            holdout(&task, bad),
            good.clone(),
            good.clone(),
        ];
        let found = judge(&task, &[(2, 1), (5, 1)], &holdouts);
        let expected = judge(&task, &[(2, 1), (5, 1)], core::slice::from_ref(&good));
        assert_eq!(found.change(), expected.change());
        assert_eq!(found.contributions(), expected.contributions());
    }
}

#[test]
fn without_enough_updates_the_base_model_would_have_stayed() {
    let task = task(Strategy::TrimmedMean { trim: 1 });
    let holdouts = vec![holdout(&task, 2); 3];
    let found = judge(&task, &[(2, 1), (2, 1), (9, 1)], &holdouts);
    let gain = units(15) / 4;
    assert_eq!(found.change(), -gain);
    assert_eq!(found.contributions(), [gain; 3]);
}

#[test]
fn what_is_clipped_is_judged_as_clipped() {
    let mut task = task(Strategy::FedAvg);
    task.norm = Some(NormRule::ClipToMedian);
    let holdouts = vec![holdout(&task, 2); 3];
    // Slopes 2, 2 and, clipped to a distance of one, 0. Without either of the first, 0 and 2 again.
    let found = judge(&task, &[(2, 1), (2, 1), (-90, 1)], &holdouts);
    let (helps, harms) = (found.contributions()[0], found.contributions()[2]);
    assert!(helps > 0 && harms < 0 && helps < units(15) / 4, "{found:?}");
}

#[test]
fn the_optimiser_goes_on_from_its_memory_for_every_client() {
    let mut task = task(Strategy::FedAvg);
    task.optimiser = Optimiser::FedAvgM {
        momentum: "0.9".parse().unwrap(),
        rate: Decimal::whole(1),
    };
    let base = [0, 0];
    let updates: [(&[i32], u32); 2] = [(&[ONE, 0], 1), (&[ONE, 0], 1)];
    let mut moments = Vec::new();
    let first = aggregate(&task, &base, &updates, &mut moments).unwrap();
    let memory = moments.clone();
    let second = aggregate(&task, &first, &updates, &mut moments).unwrap();
    let holdouts = [holdout(&task, 2)];
    let models = (&first[..], &second[..]);
    let found = assess(&task, models, &updates, &memory, &holdouts, true).unwrap();
    // Both clients sent the same: the model without either is the model.
    assert_eq!(found.contributions(), [0, 0]);
    let forgetful = assess(&task, models, &updates, &[], &holdouts, true).unwrap();
    assert_ne!(forgetful.contributions(), [0, 0]);
}

#[test]
fn losses_come_model_by_model_and_can_rest_in_between() {
    let mut assessment = Assessment::new(2, 2);
    let (base, new) = (Subject::Base, Subject::New);
    let without = Subject::Without;
    let order = [
        (base, 0, 10),
        (base, 1, 20),
        (new, 0, 7),
        (new, 1, 20),
        (without(0), 0, 17),
        (without(0), 1, 20),
        (without(1), 0, 7),
        (without(1), 1, 0),
    ];
    for (subject, holdout, loss) in order {
        assert_eq!(assessment.next(), Some(subject));
        assert_eq!(assessment.holdout(), holdout);
        assessment.take(loss);
        let bytes = assessment.encode();
        assert_eq!(Assessment::decode(&mut &bytes[..]), Ok(assessment.clone()));
    }
    assert_eq!(assessment.next(), None);
    // Changes -3 and 0; 10 and 0; 0 and -20. Halves round up.
    assert_eq!(assessment.change(), -1);
    assert_eq!(assessment.contributions(), [5, -10]);
    let done = assessment.clone();
    assessment.take(99);
    assert_eq!(assessment, done);
}

#[test]
fn nothing_is_measured_without_holdouts_and_bounds_hold() {
    let none = Assessment::new(0, 5);
    assert_eq!((none.next(), none.change()), (None, 0));
    assert_eq!(none.contributions(), [0; 0]);
    let mut most = Assessment::new(u32::MAX, u32::MAX);
    let mut taken = 0;
    while most.next().is_some() {
        most.take([0, u64::MAX][taken / EVALUATORS_MAX as usize % 2]);
        taken += 1;
    }
    let models = CONTRIBUTIONS_MAX as usize + 2;
    assert_eq!(taken, EVALUATORS_MAX as usize * models);
    assert_eq!(most.change(), i64::MAX);
    assert_eq!(most.contributions()[..2], [i64::MIN, 0]);
}
