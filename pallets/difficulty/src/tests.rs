//! The claim is checked, the difficulty follows the solve times, the window is bounded.

use crate::{Window, mock::*};
use fedchain_pow::WINDOW_ENTRIES_MAX;
use sp_runtime::DigestItem;

#[test]
fn engine_id_is_the_one_of_the_import_queue() {
    assert_eq!(fedchain_pow::ENGINE_ID, sp_consensus_pow::POW_ENGINE_ID);
}

#[test]
fn genesis_sets_difficulty_and_block_time() {
    build_and_execute(5_000, None, || {
        assert_eq!(Difficulty::difficulty(), 5_000.into());
        assert_eq!(Difficulty::block_time_ms(), BLOCK_TIME_MS);
    });
}

#[test]
fn genesis_below_the_floor_is_raised() {
    build_and_execute(0, None, || {
        assert_eq!(Difficulty::difficulty(), FLOOR.into());
    });
}

#[test]
fn blocks_at_the_block_time_hold_the_difficulty() {
    build_and_execute(5_000, None, || {
        (0..100).for_each(|_| mine(BLOCK_TIME_MS));
        assert_eq!(Difficulty::difficulty(), 5_000.into());
    });
}

#[test]
fn fast_blocks_raise_it() {
    build_and_execute(5_000, None, || {
        (0..20).for_each(|_| mine(BLOCK_TIME_MS / 5));
        assert!(Difficulty::difficulty() > 20_000.into());
    });
}

#[test]
fn fast_blocks_raise_it_up_to_the_ceiling() {
    build_and_execute(5_000, Some(6_000), || {
        (0..20).for_each(|_| mine(1));
        assert_eq!(Difficulty::difficulty(), 6_000.into());
    });
}

#[test]
fn slow_blocks_lower_it_down_to_the_floor() {
    build_and_execute(5_000, None, || {
        (0..50).for_each(|_| mine(BLOCK_TIME_MS * 50));
        assert_eq!(Difficulty::difficulty(), FLOOR.into());
    });
}

#[test]
fn window_is_bounded_and_keeps_the_newest() {
    build_and_execute(5_000, None, || {
        (0..100).for_each(|_| mine(BLOCK_TIME_MS));
        let window = Window::<Test>::get();
        assert_eq!(window.len(), WINDOW_ENTRIES_MAX as usize);
        assert_eq!(
            window.last().map(|entry| entry.timestamp_ms),
            Some(GENESIS_MS + 100 * BLOCK_TIME_MS)
        );
    });
}

#[test]
#[should_panic(expected = "must claim the difficulty")]
fn another_difficulty_is_an_invalid_block() {
    build_and_execute(5_000, None, || open(vec![claim(4_999.into())]));
}

#[test]
#[should_panic(expected = "must claim the difficulty")]
fn no_claim_is_an_invalid_block() {
    build_and_execute(5_000, None, || open(vec![]));
}

#[test]
#[should_panic(expected = "must claim the difficulty")]
fn two_claims_are_an_invalid_block() {
    build_and_execute(5_000, None, || {
        open(vec![claim(5_000.into()), claim(5_000.into())]);
    });
}

#[test]
#[should_panic(expected = "must claim the difficulty")]
fn a_padded_claim_is_an_invalid_block() {
    build_and_execute(5_000, None, || {
        let DigestItem::PreRuntime(id, mut bytes) = claim(5_000.into()) else {
            return;
        };
        bytes.push(0);
        open(vec![DigestItem::PreRuntime(id, bytes)]);
    });
}
