//! Literal partitions, and what holds of all of them.

use proptest::prelude::*;

use super::*;

/// Four classes of 25 rows, one after the other.
fn classes() -> Vec<usize> {
    (0..100).map(|row| row / 25).collect()
}

fn sizes(parts: &[Vec<usize>]) -> Vec<usize> {
    parts.iter().map(Vec::len).collect()
}

#[test]
fn values_are_numbered_in_their_order() {
    assert_eq!(groups(["b", "a", "c", "a"]), [1, 0, 2, 0]);
    assert_eq!(groups::<&str>([]), [0; 0]);
}

#[test]
fn iid_parts_differ_by_one_row_at_most() {
    let parts = Partition::Iid.deal(&[0; 11], 3, 7).unwrap();
    assert_eq!(sizes(&parts), [4, 4, 3]);
    assert_ne!(parts, Partition::Iid.deal(&[0; 11], 3, 8).unwrap());
}

/// The largest share that one client has of a class, averaged over the classes.
fn concentration(alpha: f64) -> f64 {
    let parts = Partition::Dirichlet { alpha }
        .deal(&classes(), 5, 1)
        .unwrap();
    let share = |class| {
        let of_class = |part: &Vec<usize>| part.iter().filter(|row| **row / 25 == class).count();
        parts.iter().map(of_class).max().unwrap() as f64 / 25.0
    };
    (0..4).map(share).sum::<f64>() / 4.0
}

#[test]
fn a_small_alpha_gathers_classes_and_a_large_one_spreads_them() {
    assert!(concentration(1e-9) > 0.9, "{}", concentration(1e-9));
    assert!(concentration(1e6) < 0.25, "{}", concentration(1e6));
    let middle = concentration(0.5);
    assert!((0.3..0.9).contains(&middle), "{middle}");
}

#[test]
fn quantity_skews_sizes_only() {
    let even = Partition::Quantity { alpha: 1e6 };
    assert_eq!(sizes(&even.deal(&[0; 100], 4, 1).unwrap()), [25; 4]);
    let skewed = Partition::Quantity { alpha: 1e-9 };
    let mut sizes = sizes(&skewed.deal(&[0; 100], 4, 1).unwrap());
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 1, 1, 97]);
}

#[test]
fn each_value_of_a_column_is_a_client() {
    let by_town = Partition::Column {
        name: "town".into(),
    };
    let towns = groups(["Ulm", "Bonn", "Ulm", "Köln", "Bonn"]);
    let expected = vec![vec![1, 4], vec![3], vec![0, 2]];
    assert_eq!(by_town.deal(&towns, 3, 1), Ok(expected));
    let error = by_town.deal(&towns, 2, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "the column \"town\" has 3 values, one per client: 2 clients were asked for"
    );
}

#[test]
fn rows_held_out_are_no_training_rows() {
    let found = hold_out(5, 0.4, 1).unwrap();
    assert_eq!((found.training.len(), found.held_out.len()), (3, 2));
    let mut all = [found.training, found.held_out].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4]);
    for share in [0.0, 0.01, -1.0, 0.99, 1.0, 2.0, f64::NAN, f64::INFINITY] {
        let error = hold_out(5, share, 1).unwrap_err().to_string();
        assert!(error.contains("of 5 rows cannot be held out"), "{error}");
    }
}

#[test]
fn what_cannot_be_dealt_is_refused() {
    let deal = |partition: Partition, rows: usize, clients| {
        let groups: Vec<usize> = (0..rows).collect();
        partition.deal(&groups, clients, 1).unwrap_err()
    };
    assert_eq!(deal(Partition::Iid, 3, 0), PartitionError::NoClients);
    let few = PartitionError::TooFewRows {
        rows: 3,
        clients: 4,
    };
    assert_eq!(deal(Partition::Iid, 3, 4), few);
    for alpha in [0.0, -1.0, f64::INFINITY] {
        let error = PartitionError::Alpha(alpha);
        assert_eq!(deal(Partition::Dirichlet { alpha }, 3, 2), error);
        assert_eq!(deal(Partition::Quantity { alpha }, 3, 2), error);
    }
    let many = PartitionError::TooManyClasses(257);
    assert_eq!(deal(Partition::Dirichlet { alpha: 1.0 }, 257, 2), many);
}

fn partition() -> impl Strategy<Value = Partition> {
    let alpha = || prop_oneof![Just(1e-300), Just(1e300), 1e-6..1e3];
    prop_oneof![
        Just(Partition::Iid),
        alpha().prop_map(|alpha| Partition::Dirichlet { alpha }),
        alpha().prop_map(|alpha| Partition::Quantity { alpha }),
    ]
}

proptest! {
    #[test]
    fn every_row_is_dealt_once_and_nobody_gets_nothing(
        partition in partition(),
        groups in prop::collection::vec(0usize..4, 1..60),
        clients in 1usize..20,
        seed: u64,
    ) {
        prop_assume!(clients <= groups.len());
        let parts = partition.deal(&groups, clients, seed).unwrap();
        prop_assert_eq!(parts.len(), clients);
        prop_assert!(parts.iter().all(|part| !part.is_empty() && part.is_sorted()));
        let mut all = parts.concat();
        all.sort_unstable();
        prop_assert!(all.into_iter().eq(0..groups.len()));
        prop_assert_eq!(partition.deal(&groups, clients, seed).unwrap(), parts);
    }
}
