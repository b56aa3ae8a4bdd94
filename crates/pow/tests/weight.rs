//! Golden values: all nodes must weigh alike, or they do not converge on one chain.

use fedchain_pow::{Burial, Entry, U256, median, weight};

fn window(difficulties: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    let entry = |(number, difficulty): (u64, u64)| Entry {
        timestamp_ms: number,
        difficulty: difficulty.into(),
    };
    (0..).zip(difficulties).map(entry).collect()
}

#[track_caller]
fn check_median(difficulties: impl IntoIterator<Item = u64>, expected: u64) {
    assert_eq!(median(&window(difficulties), 1_000.into()), expected.into());
}

#[test]
fn the_median_is_the_lower_one_of_the_last_sixteen() {
    check_median(1..=16, 8);
    check_median((1..=16).rev(), 8);
    check_median(1..=91, 83);
}

#[test]
fn blocks_before_the_first_count_as_the_initial_difficulty() {
    check_median([], 1_000);
    check_median([5; 7], 1_000);
    check_median([5; 8], 5);
    check_median([5_000; 8], 1_000);
    check_median([5_000; 9], 5_000);
}

#[test]
fn a_block_weighs_its_difficulty_up_to_a_sixteenth_above_the_median() {
    for (difficulty, expected) in [(0, 0), (799, 799), (850, 850), (851, 850), (80_000, 850)] {
        let weight = weight(U256::from(difficulty), 800.into());
        assert_eq!(weight, expected.into());
    }
    assert_eq!(weight(20.into(), 15.into()), 15.into());
    assert_eq!(weight(U256::MAX, U256::MAX), U256::MAX);
}

#[track_caller]
fn check_final(weight: u64, blocks_above: u32, then: u64, now: u64, expected: bool) {
    let burial = Burial {
        weight_above: weight.into(),
        blocks_above,
        median_then: then.into(),
        median_now: now.into(),
    };
    assert_eq!(burial.is_final(100), expected, "{burial:?}");
}

#[test]
fn a_block_is_final_below_the_weight_of_so_many_blocks() {
    check_final(100_000, 100, 1_000, 1_000, true);
    check_final(99_999, 100, 1_000, 1_000, false);
    check_final(99_999, 119, 1_000, 1_000, false);
}

#[test]
fn the_dearer_of_then_and_now_counts() {
    check_final(100_000, 1_000_000, 1_000, 2_000, false);
    check_final(100_000, 119, 2_000, 1_000, false);
    check_final(200_000, 119, 2_000, 1_000, true);
}

#[test]
fn after_a_fall_of_the_hash_rate_finality_does_not_trail_for_ever() {
    check_final(100_000, 120, 2_000, 1_000, true);
    check_final(99_999, 120, 2_000, 1_000, false);
}

#[test]
fn a_depth_beyond_all_numbers_finalises_nothing() {
    let burial = Burial {
        weight_above: U256::MAX - 1,
        blocks_above: u32::MAX,
        median_then: U256::MAX,
        median_now: U256::MAX,
    };
    assert!(!burial.is_final(u32::MAX));
}
