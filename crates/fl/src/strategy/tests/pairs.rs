//! Krum, Multi-Krum, Bulyan and the geometric median against plain formulas.

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::Strategy as _};

use super::{Error, Strategy, nearest, run, try_run};

type Updates = Vec<(Vec<i32>, u32)>;

fn updates(clients: core::ops::Range<usize>) -> impl proptest::strategy::Strategy<Value = Updates> {
    (clients, 1usize..30).prop_flat_map(|(clients, params)| {
        let value = prop_oneof![-3..3i32, -20_000_000..20_000_000i32];
        let update = (prop::collection::vec(value, params), 1..100u32);
        prop::collection::vec(update, clients)
    })
}

fn squared(a: &[i32], b: &[i32]) -> i128 {
    let square = |(a, b): (&i32, &i32)| (i128::from(*a) - i128::from(*b)).pow(2);
    a.iter().zip(b).map(square).sum()
}

/// Krum's ranking of `left`, straight from its definition.
fn ranking(updates: &Updates, left: &BTreeSet<usize>, f: usize) -> Vec<usize> {
    let mut scored: Vec<(i128, usize)> = left
        .iter()
        .map(|i| {
            let others = left.iter().filter(|j| *j != i);
            let mut all: Vec<i128> = others
                .map(|j| squared(&updates[*i].0, &updates[*j].0))
                .collect();
            all.sort();
            all.truncate(left.len().saturating_sub(f + 2).max(1));
            (all.iter().sum(), *i)
        })
        .collect();
    scored.sort();
    scored.into_iter().map(|(_, i)| i).collect()
}

fn mean_of(updates: &Updates, chosen: &[usize]) -> Vec<i32> {
    (0..updates[0].0.len())
        .map(|p| {
            let sum: i128 = chosen.iter().map(|i| i128::from(updates[*i].0[p])).sum();
            nearest(sum, chosen.len() as i128)
        })
        .collect()
}

fn sum_of_distances(updates: &Updates, point: &[f64]) -> f64 {
    let to = |values: &[i32]| -> f64 {
        let square = |(v, p): (&i32, &f64)| (f64::from(*v) - p).powi(2);
        values.iter().zip(point).map(square).sum::<f64>().sqrt()
    };
    updates.iter().map(|(values, _)| to(values)).sum()
}

/// The smallest sum of distances that a long Weiszfeld iteration in `f64` finds.
fn least_sum(updates: &Updates) -> f64 {
    let params = updates[0].0.len();
    let mut point = vec![0.0; params];
    for (values, _) in updates {
        for (p, v) in point.iter_mut().zip(values) {
            *p += f64::from(*v) / updates.len() as f64;
        }
    }
    let mut best = sum_of_distances(updates, &point);
    for _ in 0..2_000 {
        let weight = |values: &Vec<i32>| {
            1.0 / sum_of_distances(&vec![(values.clone(), 1)], &point).max(1e-6)
        };
        let weights: Vec<f64> = updates.iter().map(|(values, _)| weight(values)).collect();
        let total: f64 = weights.iter().sum();
        point = (0..params)
            .map(|p| {
                let terms = updates
                    .iter()
                    .zip(&weights)
                    .map(|((v, _), w)| f64::from(v[p]) * w);
                terms.sum::<f64>() / total
            })
            .collect();
        best = best.min(sum_of_distances(updates, &point));
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn krum_and_multi_krum_take_the_best_scores(updates in updates(5..14), f in 0u32..3, keep in 1u32..4) {
        let everyone: BTreeSet<usize> = (0..updates.len()).collect();
        if updates.len() < (2 * f + 3) as usize {
            return Ok(());
        }
        let ranked = ranking(&updates, &everyone, f as usize);
        prop_assert_eq!(run(Strategy::Krum { f }, &updates), updates[ranked[0]].0.clone());
        let best = mean_of(&updates, &ranked[..keep as usize]);
        prop_assert_eq!(run(Strategy::MultiKrum { f, keep }, &updates), best);
    }

    #[test]
    fn bulyan_is_the_mean_around_the_median_of_repeated_krum(updates in updates(7..16), f in 0u32..3) {
        let n = updates.len();
        let f_ = f as usize;
        if n < 4 * f_ + 3 {
            return Ok(());
        }
        let mut left: BTreeSet<usize> = (0..n).collect();
        let mut chosen = Vec::new();
        while chosen.len() < n - 2 * f_ {
            let best = ranking(&updates, &left, f_)[0];
            left.remove(&best);
            chosen.push(best);
        }
        let expected: Vec<i32> = (0..updates[0].0.len())
            .map(|p| {
                let mut column: Vec<i128> = chosen.iter().map(|i| i128::from(updates[*i].0[p])).collect();
                column.sort();
                let twice = column[(column.len() - 1) / 2] + column[column.len() / 2];
                column.sort_by_key(|v| ((2 * v - twice).abs(), *v));
                column.truncate(n - 4 * f_);
                nearest(column.iter().sum(), column.len() as i128)
            })
            .collect();
        prop_assert_eq!(run(Strategy::Bulyan { f }, &updates), expected);
    }

    #[test]
    fn the_geometric_median_has_nearly_the_least_sum_of_distances(updates in updates(1..9)) {
        let found: Vec<f64> = run(Strategy::GeometricMedian, &updates).into_iter().map(f64::from).collect();
        let (sum, least) = (sum_of_distances(&updates, &found), least_sum(&updates));
        // Rounding the point moves each distance by at most half a unit per coordinate.
        let rounding = (updates.len() * updates[0].0.len()) as f64;
        prop_assert!(sum <= 1.02 * least + rounding, "{sum} for {least}");
    }

    #[test]
    fn accounts_do_not_matter_where_nothing_is_tied(
        seeds in prop::collection::vec(any::<[i32; 8]>(), 15..20),
        order in any::<prop::sample::Index>(),
    ) {
        let updates: Updates = seeds.iter().map(|values| (values.map(|v| v >> 8).to_vec(), 1)).collect();
        let mut shuffled = updates.clone();
        let turn = order.index(updates.len());
        shuffled.rotate_left(turn);
        shuffled.swap(0, turn);
        for strategy in [
            Strategy::Krum { f: 1 },
            Strategy::MultiKrum { f: 2, keep: 3 },
            // With f below 3 the last of Bulyan's choices are between two mutual neighbours.
            Strategy::Bulyan { f: 3 },
            Strategy::GeometricMedian,
        ] {
            prop_assert_eq!(run(strategy, &updates), run(strategy, &shuffled), "{:?}", strategy);
        }
    }
}

#[test]
fn krum_ignores_liars_and_ties_go_to_the_smaller_account() {
    let updates: Updates = [10, 11, 11, 12, 1_000_000]
        .iter()
        .map(|v| (vec![*v], 1))
        .collect();
    assert_eq!(run(Strategy::Krum { f: 1 }, &updates), [11]);
    let same: Updates = vec![(vec![3, -3], 1); 5];
    assert_eq!(run(Strategy::Krum { f: 1 }, &same), [3, -3]);
    assert_eq!(run(Strategy::GeometricMedian, &updates), [11]);
}

#[test]
fn extremes_neither_overflow_nor_win() {
    let mut updates: Updates = vec![(vec![5; 40], 1); 9];
    updates.push((vec![i32::MIN; 40], 1));
    updates.push((vec![i32::MAX; 40], 1));
    for strategy in [
        Strategy::Krum { f: 2 },
        Strategy::MultiKrum { f: 2, keep: 3 },
        Strategy::Bulyan { f: 2 },
        Strategy::GeometricMedian,
    ] {
        assert_eq!(run(strategy, &updates), [5; 40], "{strategy:?}");
    }
}

#[test]
fn bounds_on_the_number_of_clients_are_kept() {
    let few: Updates = vec![(vec![1], 1); 6];
    for (strategy, needed) in [
        (Strategy::Krum { f: 2 }, 7),
        (Strategy::MultiKrum { f: 1, keep: 7 }, 8),
        (Strategy::Bulyan { f: 1 }, 7),
    ] {
        let expected = Error::TooFewClients { needed, found: 6 };
        assert_eq!(try_run(strategy, &few), Err(expected), "{strategy:?}");
    }
    let many = Error::TooManyClients {
        found: 129,
        max: 128,
    };
    assert_eq!(Strategy::Krum { f: 1 }.check(129), Err(many));
    assert_eq!(Strategy::Median.check(129), Ok(()));
    assert_eq!(
        Strategy::MultiKrum { f: 1, keep: 0 }.check(9),
        Err(Error::Keep)
    );
}
