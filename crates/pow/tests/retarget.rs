//! The retarget: it converges, and no window moves it out of its bounds.

use fedchain_pow::{
    Bounds, DOWN_STEP_PART, Entry, U256, UP_STEP_PART, WINDOW_ENTRIES_MAX, retarget,
};
use proptest::prelude::*;

const BLOCK_TIME_MS: u64 = 6_000;
const FREE: Bounds = Bounds {
    floor: U256::one(),
    ceiling: U256::MAX,
};

/// Mines `blocks` blocks at a constant hash rate (hashes per millisecond), without luck.
fn mine(start: u64, hash_rate: u64, blocks: usize) -> Vec<Entry> {
    let mut window = vec![];
    let mut difficulty = U256::from(start);
    let mut timestamp_ms = 1_700_000_000_000;
    for _ in 0..blocks {
        timestamp_ms += (difficulty / hash_rate).low_u64().max(1);
        window.push(Entry {
            timestamp_ms,
            difficulty,
        });
        let newest = window.len().saturating_sub(WINDOW_ENTRIES_MAX as usize);
        difficulty = retarget(&window[newest..], difficulty, BLOCK_TIME_MS, FREE);
    }
    window
}

#[track_caller]
fn check_converges(start: u64, hash_rate: u64) {
    let chain = mine(start, hash_rate, 400);
    let last = chain[399].timestamp_ms - chain[398].timestamp_ms;
    assert!(
        last.abs_diff(BLOCK_TIME_MS) < BLOCK_TIME_MS / 20,
        "{last} ms"
    );
}

#[test]
fn stays_without_a_solve_time() {
    let entry = Entry {
        timestamp_ms: 5,
        difficulty: 10.into(),
    };
    assert_eq!(retarget(&[], 10.into(), BLOCK_TIME_MS, FREE), 10.into());
    assert_eq!(
        retarget(&[entry], 10.into(), BLOCK_TIME_MS, FREE),
        10.into()
    );
}

#[test]
fn holds_at_the_block_time() {
    let window: Vec<_> = (0..=60)
        .map(|i| Entry {
            timestamp_ms: i * BLOCK_TIME_MS,
            difficulty: 777.into(),
        })
        .collect();
    assert_eq!(
        retarget(&window, 777.into(), BLOCK_TIME_MS, FREE),
        777.into()
    );
}

#[test]
fn converges_from_below_and_from_above() {
    check_converges(1_000, 3_000);
    check_converges(1_000_000_000, 3_000);
}

#[test]
fn a_long_window_counts_only_its_newest_entries() {
    let chain = mine(50_000, 100, 100);
    let newest = &chain[chain.len() - WINDOW_ENTRIES_MAX as usize..];
    let current = chain[99].difficulty;
    assert_eq!(
        retarget(&chain, current, BLOCK_TIME_MS, FREE),
        retarget(newest, current, BLOCK_TIME_MS, FREE)
    );
}

#[test]
fn one_late_timestamp_moves_a_full_window_little() {
    let mut window: Vec<_> = (0..=90)
        .map(|i| Entry {
            timestamp_ms: i * BLOCK_TIME_MS,
            difficulty: 10_000.into(),
        })
        .collect();
    window[90].timestamp_ms += 2 * BLOCK_TIME_MS;
    let next = retarget(&window, 10_000.into(), BLOCK_TIME_MS, FREE);
    assert!(next > 9_500.into() && next < 10_000.into(), "{next}");
}

#[test]
fn bounds_hold() {
    let fast = mine(50_000, 1_000_000, 10);
    let slow = mine(50_000, 1, 10);
    let bounds = Bounds {
        floor: 40_000.into(),
        ceiling: 52_000.into(),
    };
    let next = |window: &[Entry]| retarget(window, 50_000.into(), BLOCK_TIME_MS, bounds);
    assert_eq!(next(&fast), 52_000.into());
    assert_eq!(next(&slow), 40_000.into());
}

proptest! {
    #[test]
    fn any_window_stays_in_bounds(
        entries in prop::collection::vec((any::<u64>(), any::<[u64; 4]>()), 0..130),
        current: [u64; 4],
        block_time_ms: u64,
        floor: [u64; 4],
        ceiling: [u64; 4],
    ) {
        let window: Vec<_> = entries
            .into_iter()
            .map(|(timestamp_ms, words)| Entry { timestamp_ms, difficulty: U256(words) })
            .collect();
        let (current, floor, ceiling) = (U256(current), U256(floor), U256(ceiling));

        let bounded = retarget(&window, current, block_time_ms, Bounds { floor, ceiling });
        prop_assert!(bounded >= floor && !bounded.is_zero());
        prop_assert!(bounded <= ceiling.max(floor).max(U256::one()));

        let free = retarget(&window, current, block_time_ms, FREE);
        let step = |part: u64| (current / U256::from(part)).max(U256::one());
        prop_assert!(free <= current.saturating_add(step(UP_STEP_PART)));
        prop_assert!(free >= current.saturating_sub(step(DOWN_STEP_PART)));
    }
}
