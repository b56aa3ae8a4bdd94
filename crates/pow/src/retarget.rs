//! Retargeting: the next difficulty from the last blocks' timestamps and difficulties.
//!
//! A linearly weighted moving average (zawy's LWMA-1): the newest solve time counts most, so the
//! difficulty follows a change of hash rate within a few blocks and cannot be held by old ones.
//!
//! ```text
//!                 sum(difficulty_i) * block_time * (n + 1)
//! next difficulty = ----------------------------------------      i = 1 (oldest) .. n (newest)
//!                        2 * sum(i * solve_time_i)
//! ```
//!
//! A solve time is cut to 1 ms below and [`SOLVE_TIME_MAX_TARGETS`] block times above: one
//! timestamp that lies ahead of the clock moves the average by a few percent only, and the next
//! honest one moves it back.

use codec::{Decode, Encode, MaxEncodedLen};
use primitive_types::{U256, U512};
use scale_info::TypeInfo;

/// The most solve times that [`retarget`] looks at.
pub const WINDOW_MAX: u32 = 60;

/// The most blocks that [`retarget`] looks at: one more than there are solve times.
pub const WINDOW_ENTRIES_MAX: u32 = WINDOW_MAX + 1;

/// The largest factor between the difficulties of two consecutive blocks, up or down.
pub const STEP_MAX: u8 = 2;

/// The longest solve time that counts, in block times.
const SOLVE_TIME_MAX_TARGETS: u64 = 6;

/// One block of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Entry {
    /// The block's own timestamp in milliseconds.
    pub timestamp_ms: u64,
    /// The difficulty at which the block was mined.
    pub difficulty: U256,
}

/// Between which values a difficulty stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The lowest difficulty; zero is taken as one.
    pub floor: U256,
    /// The highest difficulty; a ceiling below the floor is taken as the floor.
    pub ceiling: U256,
}

/// The difficulty of the block after `current`, the last block's difficulty.
///
/// `window` holds consecutive blocks, oldest first; of a longer one only the newest
/// [`WINDOW_ENTRIES_MAX`] entries count. With fewer than two entries there is no solve time yet and
/// the difficulty stays.
pub fn retarget(window: &[Entry], current: U256, block_time_ms: u64, bounds: Bounds) -> U256 {
    let floor = bounds.floor.max(U256::one());
    let step = U256::from(STEP_MAX);
    let low = current.checked_div(step).unwrap_or_default();
    let high = current.saturating_mul(step);

    average(window, block_time_ms)
        .map_or(current, |next| {
            U256::try_from(next).unwrap_or(U256::MAX).max(low).min(high)
        })
        .min(bounds.ceiling)
        .max(floor)
}

/// The weighted average itself; `None` without a solve time.
fn average(window: &[Entry], block_time_ms: u64) -> Option<U512> {
    let newest = window.len().saturating_sub(WINDOW_ENTRIES_MAX as usize);
    let window = window.get(newest..)?;
    let solve_time_ms_max = block_time_ms.saturating_mul(SOLVE_TIME_MAX_TARGETS).max(1);

    let mut count = 0u64;
    let mut weighted_ms = U512::zero();
    let mut work = U512::zero();
    for (parent, block) in window.iter().zip(window.iter().skip(1)) {
        count = count.saturating_add(1);
        let solve_time_ms = block
            .timestamp_ms
            .saturating_sub(parent.timestamp_ms)
            .clamp(1, solve_time_ms_max);
        weighted_ms =
            weighted_ms.saturating_add(U512::from(solve_time_ms).saturating_mul(count.into()));
        work = work.saturating_add(block.difficulty.into());
    }

    work.saturating_mul(block_time_ms.into())
        .saturating_mul(count.saturating_add(1).into())
        .checked_div(weighted_ms.saturating_mul(2.into()))
}
