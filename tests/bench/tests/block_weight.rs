//! A full block takes no longer in Wasm than the weight that it declares.
//!
//! The shortest of several executions counts: noise of the machine only ever adds time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fedchain_bench::{
    chain::{Chain, Executed},
    federation::Federation,
    task::{NARROW, WIDE, task},
};
use fedchain_fl::{Format, Strategy};
use fedchain_runtime::currency::UNIT;
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
