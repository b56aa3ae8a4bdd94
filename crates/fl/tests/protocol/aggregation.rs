//! A round's aggregation: the same bits whatever the split, and what norm rules and optimisers do.

use codec::{Decode, Encode};
use fedchain_fl::{
    Adaptive, Aggregation, Candidate, Error, Moment, NormRule, Optimiser, Strategy, TaskSpec,
    aggregate, norm::squared_distance,
};

use crate::{PARAMS, task};

fn round(strategy: Strategy, norm: Option<NormRule>, optimiser: Optimiser) -> TaskSpec {
    TaskSpec {
        strategy,
        norm,
        optimiser,
        ..task()
    }
}

/// Eleven updates, spread by a multiplicative hash of their places.
fn updates() -> Vec<Vec<i32>> {
    (1..=11u32)
        .map(|client| {
            (0..PARAMS as u32)
                .map(|place| {
                    let mixed =
                        (place ^ client.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca77);
                    ((mixed >> 20) as i32 - 2_048) / client as i32
                })
                .collect()
        })
        .collect()
}

fn all_tasks() -> Vec<TaskSpec> {
    let adaptive = Adaptive {
        beta1: "0.9".parse().unwrap(),
        beta2: "0.99".parse().unwrap(),
        rate: "0.1".parse().unwrap(),
        tau: "0.001".parse().unwrap(),
    };
    let strategies = [
        Strategy::FedAvg,
        Strategy::Median,
        Strategy::TrimmedMean { trim: 3 },
        Strategy::Krum { f: 2 },
        Strategy::MultiKrum { f: 2, keep: 4 },
        Strategy::Bulyan { f: 2 },
        Strategy::GeometricMedian,
    ];
    let norms = [
        None,
        Some(NormRule::Clip { max: 9_000 }),
        Some(NormRule::ClipToMedian),
    ];
    let optimisers = [Optimiser::Adopt, Optimiser::FedYogi(adaptive)];
    let mut tasks = Vec::new();
    for strategy in strategies {
        for norm in norms {
            for optimiser in optimisers {
                tasks.push(round(strategy, norm, optimiser));
            }
        }
    }
    tasks
}

/// One step at a time, each from a copy read back from its encoding, as a chain does it.
fn step_by_step(
    task: &TaskSpec,
    base: &[i32],
    updates: &[Vec<i32>],
    moments: &mut [Moment],
) -> Vec<i32> {
    let candidates: Vec<Candidate> = (1..)
        .zip(updates)
        .map(|(count, values)| Candidate {
            count,
            squared_norm: squared_distance(values, base),
        })
        .collect();
    let mut stored = Aggregation::new(task, &candidates).unwrap().encode();
    let mut model = Vec::new();
    loop {
        let mut aggregation = Aggregation::decode(&mut stored.as_slice()).unwrap();
        let Some(index) = aggregation.next_chunk(task) else {
            return model;
        };
        let range = index as usize * 8_192..(index as usize * 8_192 + 8_192).min(PARAMS);
        let chunks = updates.iter().map(|u| u[range.clone()].to_vec()).collect();
        let moments = moments.get_mut(range.clone()).unwrap_or_default();
        let chunk = aggregation
            .step(task, &base[range], chunks, moments)
            .unwrap();
        model.extend(chunk.unwrap_or_default());
        stored = aggregation.encode();
    }
}

#[test]
fn the_split_and_the_store_in_between_change_no_bit() {
    let updates = updates();
    let counted: Vec<(&[i32], u32)> = updates.iter().map(Vec::as_slice).zip(1..).collect();
    for task in all_tasks() {
        let base = vec![3; PARAMS];
        let mut moments = Vec::new();
        let whole = aggregate(&task, &base, &counted, &mut moments).unwrap();
        let mut stepped = vec![Moment::default(); moments.len()];
        let steps = step_by_step(&task, &base, &updates, &mut stepped);
        assert!(whole == steps && moments == stepped, "{task:?}");
        assert_eq!(whole.len(), PARAMS);
        assert!(task.format.encode(&whole).is_ok());
    }
}

#[test]
fn clipping_to_the_median_norm_bounds_what_one_client_moves() {
    let honest = vec![vec![10; PARAMS]; 4];
    let mut updates = honest.clone();
    updates.push(vec![32_767; PARAMS]);
    let counted: Vec<(&[i32], u32)> = updates.iter().map(|u| (u.as_slice(), 1)).collect();
    let base = vec![0; PARAMS];
    let run = |norm| {
        let task = round(Strategy::FedAvg, norm, Optimiser::Adopt);
        aggregate(&task, &base, &counted, &mut Vec::new()).unwrap()[0]
    };
    assert_eq!(run(None), 6_561);
    assert_eq!(run(Some(NormRule::ClipToMedian)), 10);
}

#[test]
fn too_few_updates_skip_the_round() {
    let task = round(Strategy::Krum { f: 1 }, None, Optimiser::Adopt);
    let update = vec![1; PARAMS];
    let counted = vec![(update.as_slice(), 1); 4];
    let found = aggregate(&task, &update, &counted, &mut Vec::new());
    let expected = Error::TooFewClients {
        needed: 5,
        found: 4,
    };
    assert_eq!(found, Err(expected));
}
