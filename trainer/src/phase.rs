//! Phases and windows in words: both block numbers, and about how long the blocks between them take.

use fedchain_fl::{view::PhaseView, window::Deadline};
use serde::Serialize;

use crate::{chain::Clock, words::count};

/// Where a federation stands.
pub fn describe(phase: &PhaseView, clock: &Clock) -> String {
    let now = clock.block;
    let window = |what: &str, block: u32| {
        let left = left(phase, clock).unwrap_or_default();
        format!("{what} {block}, now {now} ({left})")
    };
    match phase {
        PhaseView::Waiting => "waiting for clients".into(),
        PhaseView::Commit { deadline } => window("commit window closes at block", deadline.block),
        PhaseView::Settle { opens_at, .. } => window("reveal window opens at block", *opens_at),
        PhaseView::Reveal { deadline, .. } => {
            window("reveal window closes at block", deadline.block)
        }
        PhaseView::Certify {
            deadline: Some(_),
            opens_at,
        } if now < *opens_at => window("solutions are taken from block", *opens_at),
        PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } => window("anybody may hand in a solution until block", deadline.block),
        PhaseView::Certify { deadline: None, .. } => {
            "the owner may have it certified anew, or end it".into()
        }
        PhaseView::Aggregate => "the next blocks aggregate the round".into(),
        PhaseView::Gate { opens_at, .. } if now < *opens_at => {
            window("holdouts are taken from block", *opens_at)
        }
        PhaseView::Gate { deadline, .. } => {
            window("holdouts are taken until block", deadline.block)
        }
        PhaseView::Finished => "finished".into(),
        PhaseView::Cancelled => "cancelled".into(),
        PhaseView::Uploading { received } => {
            format!("the owner uploads the initial model, up to chunk {received}")
        }
    }
}

/// What is left of a phase that ends by itself, like "13 blocks, about 2 min"; none of others.
pub fn left(phase: &PhaseView, clock: &Clock) -> Option<String> {
    Some(match rest(phase, clock)? {
        (0, 0) => "overdue".into(),
        (blocks, ms) => span(blocks, ms),
    })
}

/// A number of blocks, and about how long they take.
pub fn blocks(blocks: u32, clock: &Clock) -> String {
    span(
        blocks,
        u64::from(blocks).saturating_mul(clock.block_time_ms),
    )
}

fn span(blocks: u32, ms: u64) -> String {
    format!("{}, about {}", count(blocks, "block"), duration(ms))
}

/// The same as numbers: blocks, and about how many milliseconds at the speed that the chain aims at.
pub fn rest(phase: &PhaseView, clock: &Clock) -> Option<(u32, u64)> {
    let end = match *phase {
        PhaseView::Settle { opens_at, .. } => opening(opens_at),
        PhaseView::Gate { opens_at, .. }
        | PhaseView::Certify {
            opens_at,
            deadline: Some(_),
        } if clock.block < opens_at => opening(opens_at),
        PhaseView::Commit { deadline }
        | PhaseView::Reveal { deadline, .. }
        | PhaseView::Gate { deadline, .. }
        | PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } => deadline,
        PhaseView::Waiting
        | PhaseView::Certify { deadline: None, .. }
        | PhaseView::Aggregate
        | PhaseView::Finished
        | PhaseView::Cancelled
        | PhaseView::Uploading { .. } => return None,
    };
    let blocks = end.block.saturating_sub(clock.block);
    let ms = u64::from(blocks)
        .saturating_mul(clock.block_time_ms)
        .max(end.time_ms.saturating_sub(clock.time_ms));
    Some((blocks, ms))
}

/// Only the block is known here; a certified round's pause takes half its time as well.
fn opening(block: u32) -> Deadline {
    Deadline { block, time_ms: 0 }
}

/// A span of time in its largest unit, rounded up.
fn duration(ms: u64) -> String {
    const SECOND_MS: u64 = 1_000;
    const MINUTE_MS: u64 = 60 * SECOND_MS;
    const HOUR_MS: u64 = 60 * MINUTE_MS;
    const DAY_MS: u64 = 24 * HOUR_MS;
    let (unit_ms, unit) = match ms {
        0..MINUTE_MS => (SECOND_MS, "s"),
        MINUTE_MS..HOUR_MS => (MINUTE_MS, "min"),
        HOUR_MS..DAY_MS => (HOUR_MS, "h"),
        DAY_MS.. => (DAY_MS, "d"),
    };
    format!("{} {unit}", ms.div_ceil(unit_ms))
}

/// A phase in one word.
pub fn word(phase: &PhaseView) -> &'static str {
    match phase {
        PhaseView::Waiting => "waiting",
        PhaseView::Commit { .. } => "commit",
        PhaseView::Settle { .. } => "settle",
        PhaseView::Reveal { .. } => "reveal",
        PhaseView::Certify { .. } => "certify",
        PhaseView::Aggregate => "aggregate",
        PhaseView::Gate { .. } => "gate",
        PhaseView::Finished => "finished",
        PhaseView::Cancelled => "cancelled",
        PhaseView::Uploading { .. } => "uploading",
    }
}

/// Why a phase cannot be moved on yet.
pub fn not_overdue(phase: &PhaseView, clock: &Clock) -> String {
    let rest = |deadline: &Deadline| match deadline.time_ms.saturating_sub(clock.time_ms) {
        ms if clock.block >= deadline.block && ms > 0 => {
            format!(
                ", and not before {} of on-chain time",
                count(ms.div_ceil(1_000), "more second")
            )
        }
        _ => String::new(),
    };
    let more = match phase {
        PhaseView::Commit { deadline }
        | PhaseView::Settle { deadline, .. }
        | PhaseView::Reveal { deadline, .. }
        | PhaseView::Gate { deadline, .. }
        | PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } => rest(deadline),
        _ => String::new(),
    };
    format!("nothing is overdue: {}{more}", describe(phase, clock))
}

/// Whether a round is under way.
pub fn is_open(phase: &PhaseView) -> bool {
    matches!(
        phase,
        PhaseView::Commit { .. }
            | PhaseView::Settle { .. }
            | PhaseView::Reveal { .. }
            | PhaseView::Certify { .. }
            | PhaseView::Aggregate
            | PhaseView::Gate { .. }
    )
}

/// A small value of the protocol as it stands in a spec file, on one line.
pub fn inline<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Deadline = Deadline {
        block: 130,
        time_ms: 9_000,
    };

    /// The clock of a chain with a block every ten seconds.
    fn clock(block: u32, time_ms: u64) -> Clock {
        Clock {
            block,
            time_ms,
            block_time_ms: 10_000,
        }
    }

    #[test]
    fn windows_name_both_block_numbers_and_the_time_between() {
        let deadline = DEADLINE;
        let check = |phase, now, expected| {
            assert_eq!(describe(&phase, &clock(now, 8_000)), expected);
        };
        check(
            PhaseView::Commit { deadline },
            117,
            "commit window closes at block 130, now 117 (13 blocks, about 3 min)",
        );
        check(
            PhaseView::Settle {
                opens_at: 118,
                deadline,
            },
            117,
            "reveal window opens at block 118, now 117 (1 block, about 10 s)",
        );
        let gate = PhaseView::Gate {
            opens_at: 120,
            deadline,
        };
        check(
            gate,
            117,
            "holdouts are taken from block 120, now 117 (3 blocks, about 30 s)",
        );
        check(
            gate,
            124,
            "holdouts are taken until block 130, now 124 (6 blocks, about 1 min)",
        );
        check(PhaseView::Waiting, 117, "waiting for clients");
    }

    #[test]
    fn a_window_lasts_until_its_blocks_and_its_time_are_over() {
        let commit = PhaseView::Commit { deadline: DEADLINE };
        let check = |now, time_ms, expected: &str| {
            assert_eq!(left(&commit, &clock(now, time_ms)).unwrap(), expected);
        };
        check(130, 8_000, "0 blocks, about 1 s");
        check(131, 9_000, "overdue");
        check(129, 0, "1 block, about 10 s");
        assert_eq!(left(&PhaseView::Waiting, &clock(1, 0)), None);
    }

    #[test]
    fn time_is_said_in_its_largest_unit() {
        let check = |ms, expected| assert_eq!(duration(ms), expected);
        check(59_999, "60 s");
        check(60_000, "1 min");
        check(78_000, "2 min");
        check(3_600_000, "1 h");
        check(90_000_000, "2 d");
    }

    #[test]
    fn what_is_not_overdue_says_what_is_missing() {
        let commit = PhaseView::Commit { deadline: DEADLINE };
        assert_eq!(
            not_overdue(&commit, &clock(117, 8_000)),
            "nothing is overdue: commit window closes at block 130, now 117 (13 blocks, about 3 min)"
        );
        assert!(
            not_overdue(&commit, &clock(130, 8_000))
                .ends_with("not before 1 more second of on-chain time")
        );
    }
}
