//! What f bad clients cannot do, whatever they send: the bound that each rule promises.

use proptest::{prelude::*, strategy::Strategy as _};

use super::{Strategy, run};

/// Honest updates and bad ones, of which some hide among the honest and some are anywhere.
#[derive(Debug)]
struct Clients {
    honest: Vec<Vec<i32>>,
    bad: Vec<Vec<i32>>,
}

impl Clients {
    /// The result of a rule, whatever the order of the accounts.
    fn run(&self, strategy: Strategy, turn: usize) -> Vec<i32> {
        let all = self.honest.iter().chain(&self.bad);
        let mut updates: Vec<_> = all.map(|values| (values.clone(), 1)).collect();
        let clients = updates.len();
        updates.rotate_left(turn % clients);
        run(strategy, &updates)
    }

    /// Smallest and largest honest value of each coordinate.
    fn honest_ranges(&self) -> Vec<(i32, i32)> {
        (0..self.honest[0].len())
            .map(|place| {
                let values = || self.honest.iter().map(|update| update[place]);
                (values().min().unwrap(), values().max().unwrap())
            })
            .collect()
    }

    /// The largest distance between honest updates.
    fn honest_diameter(&self) -> f64 {
        let pairs = self
            .honest
            .iter()
            .flat_map(|a| self.honest.iter().map(|b| distance(a, b)));
        pairs.fold(0.0, f64::max)
    }
}

fn clients(honest: usize, bad: usize) -> impl proptest::strategy::Strategy<Value = Clients> {
    (1usize..6).prop_flat_map(move |params| {
        let update = |value| prop::collection::vec(value, params);
        let near = update((-1_000..1_000i32).boxed());
        let anything = prop_oneof![-3_000..3_000i32, any::<i32>()].boxed();
        let hidden = update((-2_000..2_000i32).boxed());
        (
            prop::collection::vec(near, honest),
            prop::collection::vec(prop_oneof![hidden, update(anything)], bad),
        )
            .prop_map(|(honest, bad)| Clients { honest, bad })
    })
}

fn distance(a: &[i32], b: &[i32]) -> f64 {
    let square = |(a, b): (&i32, &i32)| (f64::from(*a) - f64::from(*b)).powi(2);
    a.iter().zip(b).map(square).sum::<f64>().sqrt()
}

/// How far rounding each coordinate moves a point.
fn rounding(point: &[i32]) -> f64 {
    (point.len() as f64).sqrt()
}

proptest! {
    #[test]
    fn median_and_trimmed_mean_stay_within_the_honest_range(
        clients in clients(6, 5),
        turn in 0usize..11,
    ) {
        for strategy in [Strategy::Median, Strategy::TrimmedMean { trim: 5 }] {
            let found = clients.run(strategy, turn);
            for (value, (low, high)) in found.iter().zip(clients.honest_ranges()) {
                prop_assert!((low..=high).contains(value), "{strategy:?}: {value}");
            }
        }
    }

    #[test]
    fn bulyan_stays_within_the_honest_range_and_its_length_around(
        clients in clients(9, 2),
        turn in 0usize..11,
    ) {
        let found = clients.run(Strategy::Bulyan { f: 2 }, turn);
        for (value, (low, high)) in found.iter().zip(clients.honest_ranges()) {
            let length = high - low;
            prop_assert!((low - length..=high + length).contains(value), "{value}");
        }
    }

    #[test]
    fn krum_and_multi_krum_stay_near_every_honest_update(
        clients in clients(7, 4),
        keep in 1u32..8,
        turn in 0usize..11,
    ) {
        let neighbours = 11.0 - 4.0 - 2.0f64;
        let bound = (neighbours.sqrt() + 1.0) * clients.honest_diameter();
        for strategy in [Strategy::Krum { f: 4 }, Strategy::MultiKrum { f: 4, keep }] {
            let found = clients.run(strategy, turn);
            for honest in &clients.honest {
                let distance = distance(&found, honest);
                prop_assert!(distance <= bound + rounding(&found), "{strategy:?}: {distance}");
            }
        }
    }

    /// Minsker, "Geometric median and robust estimation in Banach spaces" (2015), lemma 2.1: with a
    /// share `a` of bad points and all honest ones within `r` of a centre, the geometric median is
    /// within `2 (1 - a) / (1 - 2a) * r` of it.
    #[test]
    fn the_geometric_median_stays_near_the_honest_centre(
        clients in clients(7, 4),
        turn in 0usize..11,
    ) {
        let found = clients.run(Strategy::GeometricMedian, turn);
        let share = 4.0 / 11.0;
        for centre in &clients.honest {
            let distances = clients.honest.iter().map(|honest| distance(honest, centre));
            let radius = distances.fold(0.0, f64::max);
            let bound = 2.0 * (1.0 - share) / (1.0 - 2.0 * share) * radius;
            prop_assert!(distance(&found, centre) <= bound + rounding(&found));
        }
    }
}

#[test]
fn the_largest_lie_of_the_largest_minority_moves_the_geometric_median_little() {
    for lie in [1_000, 1_000_000, 1 << 24, i32::MAX] {
        let clients = Clients {
            honest: (0..51).map(|k| vec![k - 25; 40]).collect(),
            bad: vec![vec![lie; 40]; 49],
        };
        let found = clients.run(Strategy::GeometricMedian, 0);
        assert!(
            found.iter().all(|value| (-25..=25).contains(value)),
            "{found:?}"
        );
    }
}
