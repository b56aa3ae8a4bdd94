//! FedAvg, median and trimmed mean against `i128` sums and full sorts.

use proptest::{prelude::*, strategy::Strategy as _};

use super::{Error, Strategy, nearest, run, try_run};

fn oracle(strategy: Strategy, updates: &[(Vec<i32>, u32)]) -> Vec<i32> {
    (0..updates[0].0.len())
        .map(|i| {
            let mut column: Vec<(i128, i128)> = updates
                .iter()
                .map(|(v, n)| (i128::from(v[i]), i128::from(*n)))
                .collect();
            column.sort();
            let cut = match strategy {
                Strategy::FedAvg => {
                    let total: i128 = column.iter().map(|(_, n)| n).sum();
                    return nearest(column.iter().map(|(v, n)| v * n).sum(), total);
                }
                Strategy::Median => (column.len() - 1) / 2,
                Strategy::TrimmedMean { trim } => trim as usize,
                _ => unreachable!("no coordinate-wise rule"),
            };
            let kept = &column[cut..column.len() - cut];
            nearest(kept.iter().map(|(v, _)| v).sum(), kept.len() as i128)
        })
        .collect()
}

fn updates() -> impl proptest::strategy::Strategy<Value = Vec<(Vec<i32>, u32)>> {
    let value = prop_oneof![Just(i32::MIN), Just(i32::MAX), -3..3i32, any::<i32>()];
    // On either side of the number of clients where the way of sorting changes.
    let clients = prop_oneof![1usize..12, 250usize..263];
    (clients, 1usize..40).prop_flat_map(move |(clients, params)| {
        let update = (
            prop::collection::vec(value.clone(), params),
            1..=crate::limits::SAMPLE_COUNT_MAX,
        );
        prop::collection::vec(update, clients)
    })
}

proptest! {
    #[test]
    fn rules_equal_their_oracles(updates in updates(), trim in prop_oneof![0u32..5, 30u32..125]) {
        for strategy in [Strategy::FedAvg, Strategy::Median, Strategy::TrimmedMean { trim }] {
            if updates.len() < strategy.updates_min() as usize {
                continue;
            }
            prop_assert_eq!(run(strategy, &updates), oracle(strategy, &updates), "{:?}", strategy);
        }
    }

    #[test]
    fn order_does_not_matter(updates in updates(), trim in 0u32..5, turn in 0usize..263) {
        let mut turned = updates.clone();
        turned.rotate_left(turn % updates.len());
        turned.reverse();
        for strategy in [Strategy::FedAvg, Strategy::Median, Strategy::TrimmedMean { trim }] {
            if updates.len() >= strategy.updates_min() as usize {
                prop_assert_eq!(run(strategy, &updates), run(strategy, &turned));
            }
        }
    }
}

#[test]
fn too_few_updates_are_an_error() {
    let update = (vec![1, 2], 1);
    let result = try_run(Strategy::TrimmedMean { trim: 1 }, &[update.clone(), update]);
    assert_eq!(
        result,
        Err(Error::TooFewClients {
            needed: 3,
            found: 2
        })
    );
}

#[test]
fn the_largest_federation_does_not_overflow() {
    let values = vec![i32::MIN, i32::MAX];
    let update = (values.clone(), crate::limits::SAMPLE_COUNT_MAX);
    let updates = vec![update; crate::limits::CLIENTS_MAX as usize];
    assert_eq!(run(Strategy::FedAvg, &updates), values);
}

#[test]
fn one_liar_moves_the_mean_but_not_the_robust_rules() {
    let updates = vec![
        (vec![10], 1),
        (vec![11], 1),
        (vec![12], 1),
        (vec![13], 1),
        (vec![1_000_000], 1),
    ];
    assert_eq!(run(Strategy::FedAvg, &updates), [200_009]);
    assert_eq!(run(Strategy::Median, &updates), [12]);
    assert_eq!(run(Strategy::TrimmedMean { trim: 1 }, &updates), [12]);
}
