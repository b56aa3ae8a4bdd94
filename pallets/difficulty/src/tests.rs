//! The claim is checked, the difficulty follows the solve times, the window is bounded.

use crate::{Window, mock::*};
use fedchain_pow::{Entry, PostDigest, WINDOW_ENTRIES_MAX, retarget};
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
        assert!(Difficulty::difficulty() > 17_000.into());
    });
}

#[test]
fn fast_blocks_raise_it_up_to_the_ceiling() {
    build_and_execute(5_000, Some(6_000), || {
        (0..20).for_each(|_| mine(MIN_SPACING_MS));
        assert_eq!(Difficulty::difficulty(), 6_000.into());
    });
}

#[test]
fn slow_blocks_lower_it_down_to_the_floor() {
    build_and_execute(5_000, None, || {
        (0..50).for_each(|_| mine(BLOCK_TIME_MS * 50));
        assert_eq!(Difficulty::difficulty(), (5_000 / 16).into());
    });
}

#[test]
fn the_floor_is_a_sixteenth_of_the_initial_difficulty_unless_that_is_too_low() {
    for (initial, floor) in [(5_000, 5_000 / 16), (1_600, FLOOR), (0, FLOOR)] {
        build_and_execute(initial, None, || {
            assert_eq!(crate::Rules::<Test>::get().bounds.floor, floor.into());
        });
    }
}

#[test]
fn the_first_block_is_not_older_than_the_chain() {
    build_and_execute(5_000, None, || {
        open(vec![claim(Difficulty::difficulty())]);
        stamp(GENESIS_MS + MIN_SPACING_MS);
    });
}

#[test]
#[should_panic(expected = "Timestamp must increment by at least")]
fn a_first_block_older_than_the_chain_is_invalid() {
    build_and_execute(5_000, None, || {
        open(vec![claim(Difficulty::difficulty())]);
        stamp(GENESIS_MS + MIN_SPACING_MS - 1);
    });
}

#[test]
#[should_panic(expected = "Timestamp must increment by at least")]
fn a_block_too_close_to_its_parent_is_invalid() {
    build_and_execute(5_000, None, || {
        mine(BLOCK_TIME_MS);
        open(vec![claim(Difficulty::difficulty())]);
        stamp(GENESIS_MS + BLOCK_TIME_MS + MIN_SPACING_MS - 1);
    });
}

#[test]
fn the_header_says_when_the_block_was_made() {
    build_and_execute(5_000, None, || {
        mine(BLOCK_TIME_MS);
        let digest = System::digest();
        let items = digest.logs().iter().filter_map(DigestItem::as_consensus);
        let timestamp_ms = GENESIS_MS + BLOCK_TIME_MS;
        assert_eq!(PostDigest::find(items), Some(PostDigest { timestamp_ms }));
    });
}

#[test]
fn headers_and_the_rules_of_genesis_give_every_difficulty() {
    build_and_execute(5_000, Some(40_000), || {
        let rules = crate::Rules::<Test>::get();
        let mut blocks: Vec<Entry> = Vec::new();
        for solve_time_ms in (0..300).map(|block| 40 + block * 977 % 2_100) {
            let difficulty = Difficulty::difficulty();
            let parent = blocks.last().map(|block| block.difficulty);
            let expected = parent.map_or(rules.initial_difficulty, |parent| {
                retarget(&blocks, parent, rules.block_time_ms, rules.bounds)
            });
            assert_eq!(difficulty, expected);
            mine(solve_time_ms);
            blocks.push(Entry {
                timestamp_ms: pallet_timestamp::Now::<Test>::get(),
                difficulty,
            });
        }
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
