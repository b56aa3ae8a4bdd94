//! Retargeting: the next difficulty from the last blocks' timestamps and difficulties.
//!
//! A linearly weighted moving average after zawy's LWMA: the newest block counts most. Here the same
//! weights stand above and below, so that their quotient is an estimate of the hash rate that does
//! not lag while the difficulty itself moves:
//!
//! ```text
//! hash rate       = sum(i * difficulty_i) / sum(i * solve_time_i)      i = 1 (oldest) .. n (newest)
//! next difficulty = hash rate * block_time
//! ```
//!
//! One window cannot be both quiet and quick. So there are two: the hash rate is that of the last
//! [`WINDOW_MAX`] blocks, unless the newest [`ALARM_WINDOW`] say more than twice or less than half
//! as much; then it is theirs. Luck alone seldom does that.
//!
//! A solve time is cut to 1 ms below and [`SOLVE_TIME_MAX_TARGETS`] block times above. A timestamp
//! ahead of the clock lengthens one solve time and shortens the next, and nodes hold blocks back that
//! are stamped more than two block times ahead, so such lies move the average by a few percent only.

use codec::{Decode, Encode, MaxEncodedLen};
use primitive_types::{U256, U512};
use scale_info::TypeInfo;

/// The most solve times that [`retarget`] looks at.
pub const WINDOW_MAX: u32 = 90;

/// The most blocks that [`retarget`] looks at: one more than there are solve times.
pub const WINDOW_ENTRIES_MAX: u32 = WINDOW_MAX + 1;

/// The newest solve times that can overrule the rest.
const ALARM_WINDOW: u32 = 15;

/// How far apart the estimates of both windows may be: a factor.
const ALARM_FACTOR: u64 = 2;

/// The largest step up from one block's difficulty to the next: one part in so many.
///
/// Smaller than the step down, because who stamps blocks falsely can only drive the difficulty up at
/// no cost in time: a slow climb leaves a private branch little to gain by it.
pub const UP_STEP_PART: u64 = 12;

/// The largest step down: one part in so many.
pub const DOWN_STEP_PART: u64 = 4;

/// The longest solve time that counts, in block times.
const SOLVE_TIME_MAX_TARGETS: u64 = 20;

/// One block of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Entry {
    /// The block's own timestamp in milliseconds.
    pub timestamp_ms: u64,
    /// The difficulty at which the block was mined.
    pub difficulty: U256,
}

/// Between which values a difficulty stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, MaxEncodedLen)]
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
    let step = |part: u64| {
        let step = current.checked_div(part.into()).unwrap_or_default();
        step.max(U256::one())
    };
    let low = current.saturating_sub(step(DOWN_STEP_PART));
    let high = current.saturating_add(step(UP_STEP_PART));

    let long = Rate::of(window, WINDOW_MAX, block_time_ms);
    let short = Rate::of(window, ALARM_WINDOW, block_time_ms);
    let rate = if long.is_far_from(&short) {
        short
    } else {
        long
    };
    rate.times(block_time_ms)
        .map_or(current, |next| next.max(low).min(high))
        .min(bounds.ceiling)
        .max(floor)
}

/// A hash rate, as work by time.
struct Rate {
    work: U512,
    time_ms: U512,
}

impl Rate {
    /// The weighted average of the newest `solve_times` in the window.
    fn of(window: &[Entry], solve_times: u32, block_time_ms: u64) -> Self {
        let entries = (solve_times as usize).saturating_add(1);
        let newest = window.len().saturating_sub(entries);
        let window = window.get(newest..).unwrap_or_default();
        let solve_time_ms_max = block_time_ms.saturating_mul(SOLVE_TIME_MAX_TARGETS).max(1);

        let mut rate = Self {
            work: U512::zero(),
            time_ms: U512::zero(),
        };
        let blocks = window.iter().zip(window.iter().skip(1));
        for (weight, (parent, block)) in (1u64..).zip(blocks) {
            let solve_time_ms = block
                .timestamp_ms
                .saturating_sub(parent.timestamp_ms)
                .clamp(1, solve_time_ms_max);
            let weigh = |value: U512| value.saturating_mul(weight.into());
            rate.work = rate.work.saturating_add(weigh(block.difficulty.into()));
            rate.time_ms = rate.time_ms.saturating_add(weigh(solve_time_ms.into()));
        }
        rate
    }

    /// Whether the rates differ by more than [`ALARM_FACTOR`].
    fn is_far_from(&self, other: &Self) -> bool {
        let ours = self.work.saturating_mul(other.time_ms);
        let theirs = other.work.saturating_mul(self.time_ms);
        let factor = U512::from(ALARM_FACTOR);
        ours > theirs.saturating_mul(factor) || theirs > ours.saturating_mul(factor)
    }

    /// The hashes in that time; `None` without a solve time.
    fn times(&self, time_ms: u64) -> Option<U256> {
        let hashes = self.work.saturating_mul(time_ms.into());
        let hashes = hashes.checked_div(self.time_ms)?;
        Some(U256::try_from(hashes).unwrap_or(U256::MAX))
    }
}
