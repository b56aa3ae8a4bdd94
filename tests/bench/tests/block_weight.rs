//! A full block takes no longer in Wasm than the weight that it declares.
//!
//! The shortest of several executions counts: noise of the machine only ever adds time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fedchain_bench::{
    chain::{Chain, Executed},
    federation::Federation,
    task::{NARROW, WIDE, task},
};
use fedchain_fl::{
    Column, Decimal, Format, LeastSquares, ModelSpec, Shape, Strategy,
    limits::CERTIFIED_FEATURES_MAX,
};
use fedchain_runtime::currency::UNIT;
use fedchain_test_support::impossible_moments;
use fedchain_verifier::optimality::REFUTATION_MAX;
use frame_support::weights::constants::WEIGHT_REF_TIME_PER_NANOS;

const REPEATS: usize = 5;

#[track_caller]
fn check(name: &str, executed: &Executed) {
    let declared = executed.weight.ref_time() / WEIGHT_REF_TIME_PER_NANOS / 1_000;
    let measured = executed.durations[0].as_micros();
    println!("{name}: {measured} us measured, {declared} us declared");
    assert!(
        measured <= declared.into(),
        "{name}: {measured} us > {declared} us"
    );
}

/// Checks every block from the last reveal to the next round.
#[track_caller]
fn check_aggregation(clients: u32, params: u32, format: Format, strategy: Strategy) {
    let mut chain = Chain::new().unwrap();
    let task = task(params, format, strategy).unwrap();
    let federation = Federation::open(&mut chain, clients, 2, UNIT, task).unwrap();
    federation.commit(&mut chain).unwrap();
    federation.reveal(&mut chain).unwrap();
    while federation.round(&mut chain).unwrap() == 1 {
        let executed = chain.block(&[], REPEATS).unwrap();
        check(&format!("{strategy:?} {clients}x{params}"), &executed);
    }
}

/// Checks a block with as many reveals as find room.
#[track_caller]
fn check_reveals(clients: u32, params: u32, format: Format) {
    let mut chain = Chain::new().unwrap();
    let task = task(params, format, Strategy::Median).unwrap();
    let federation = Federation::open(&mut chain, clients, 2, UNIT, task).unwrap();
    federation.commit(&mut chain).unwrap();
    let reveals = federation.signed_reveals(&mut chain).unwrap();
    let executed = chain.block(&reveals, REPEATS).unwrap();
    assert!(executed.included < reveals.len(), "the block is not full");
    let name = format!("{} reveals of {params}", executed.included);
    check(&name, &executed);
}

#[test]
#[ignore = "measures time: the machine must be idle"]
fn aggregation_stays_below_its_weight() {
    check_aggregation(100, 7_850, WIDE, Strategy::TrimmedMean { trim: 10 });
    check_aggregation(1_000, 650, WIDE, Strategy::TrimmedMean { trim: 100 });
    check_aggregation(20, 100_000, WIDE, Strategy::Median);
    check_aggregation(8, 1 << 19, NARROW, Strategy::FedAvg);
    check_aggregation(100, 10_000, WIDE, Strategy::Krum { f: 10 });
    check_aggregation(43, 20_000, NARROW, Strategy::Bulyan { f: 10 });
    check_aggregation(100, 10_000, WIDE, Strategy::GeometricMedian);
}

#[test]
#[ignore = "measures time: the machine must be idle"]
fn reveals_stay_below_their_weight() {
    check_reveals(1_000, 11, WIDE);
    check_reveals(300, 7_850, WIDE);
    check_reveals(20, 500_000, NARROW);
}

#[test]
#[ignore = "measures time: the machine must be idle"]
fn refutations_stay_below_their_weight() {
    const CLIENTS: u32 = 20;
    const REFUTED: usize = 10;
    let terms = LeastSquares {
        penalty: "0.001".parse().unwrap(),
        epsilon: "0.1".parse().unwrap(),
    };
    let mut task = task(1, WIDE, Strategy::LeastSquares(terms)).unwrap();
    task.model = ModelSpec::Linear;
    let column = |place: u32| {
        let name = format!("x{place}").parse().unwrap();
        Column::number(name, Decimal::whole(0), Decimal::whole(1))
    };
    let columns: Vec<_> = (0..CERTIFIED_FEATURES_MAX).map(column).collect();
    task.schema.features = columns.try_into().unwrap();
    let updates = (1..=CLIENTS)
        .map(|rows| impossible_moments(Shape::LARGEST, rows, i64::from(rows) << 30))
        .collect();

    let mut chain = Chain::new().unwrap();
    let federation = Federation::open_with(&mut chain, 1, 0, task, updates).unwrap();
    federation.commit(&mut chain).unwrap();
    federation.reveal(&mut chain).unwrap();
    let mut vector = vec![0i64; Shape::LARGEST.weights() as usize + 1];
    // A vector as large as there are, so that every product is.
    (vector[0], vector[1]) = (REFUTATION_MAX as i64, -(REFUTATION_MAX as i64));
    let vector: Vec<u8> = vector
        .iter()
        .flat_map(|entry| entry.to_le_bytes())
        .collect();
    let signed = federation.signed_refutations(&mut chain, REFUTED, &vector);
    let executed = chain.block(&signed.unwrap(), REPEATS).unwrap();
    assert_eq!(executed.included, REFUTED);
    check(&format!("{REFUTED} refutations"), &executed);
}
