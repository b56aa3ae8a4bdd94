//! A branch without headers: what the rules make of its stamps.
//!
//! The rules are those of `fedchain_pow`, on machine words and with running sums, because a race calls
//! them hundreds of millions of times. The tests hold every figure against the crate's own.

use fedchain_pow::{MEDIAN_BLOCKS, WINDOW_ENTRIES_MAX};

/// The block time that is aimed at.
pub const BLOCK_TIME_MS: u64 = 6_000;
/// The longest solve time that counts.
const SOLVE_TIME_MS_MAX: u64 = 20 * BLOCK_TIME_MS;
/// Solve times in the long window.
const LONG: usize = WINDOW_ENTRIES_MAX as usize - 1;
/// Solve times in the short window, which overrules the long one.
const SHORT: usize = 15;
/// How far the windows may differ before it does: a factor.
const ALARM_FACTOR: u128 = 2;

/// What differs between the rules that are compared.
#[derive(Clone, Copy)]
pub struct Rules {
    /// The largest step up: one part in so many.
    pub up_step_part: u64,
    /// The largest step down: one part in so many.
    pub down_step_part: u64,
    /// How far above the median a block still counts: one part in so many; all of it when missing.
    pub excess_part: Option<u64>,
    /// The least time between two stamps.
    pub spacing_ms: u64,
}

/// A block: how long it took by its stamp, and its difficulty.
#[derive(Clone, Copy)]
struct Block {
    solve_time_ms: u64,
    difficulty: u64,
}

/// Weighted sums over the newest blocks, the newest with the greatest weight.
#[derive(Clone, Copy, Default)]
struct Sums {
    work: u128,
    time_ms: u64,
    weighted_work: u128,
    weighted_time_ms: u64,
}

impl Sums {
    /// The sums after a block, of which `oldest` falls out of the window of `len` blocks.
    fn after(self, len: usize, oldest: Block, newest: Block) -> Self {
        let [oldest_work, newest_work] = [oldest, newest].map(|block| u128::from(block.difficulty));
        Self {
            work: self.work - oldest_work + newest_work,
            time_ms: self.time_ms - oldest.solve_time_ms + newest.solve_time_ms,
            weighted_work: self.weighted_work - self.work + len as u128 * newest_work,
            weighted_time_ms: self.weighted_time_ms - self.time_ms
                + len as u64 * newest.solve_time_ms,
        }
    }

    fn steady(len: usize, block: Block) -> Self {
        let weights = len * (len + 1) / 2;
        let work = u128::from(block.difficulty);
        Self {
            work: len as u128 * work,
            time_ms: len as u64 * block.solve_time_ms,
            weighted_work: weights as u128 * work,
            weighted_time_ms: weights as u64 * block.solve_time_ms,
        }
    }

    fn is_far_from(&self, other: &Self) -> bool {
        let ours = self.weighted_work * u128::from(other.weighted_time_ms);
        let theirs = other.weighted_work * u128::from(self.weighted_time_ms);
        ours > theirs * ALARM_FACTOR || theirs > ours * ALARM_FACTOR
    }
}

/// The newest blocks of a branch and what follows from them.
#[derive(Clone)]
pub struct Branch {
    rules: Rules,
    /// A ring; `oldest` is the position of the oldest block.
    blocks: [Block; LONG],
    oldest: usize,
    long: Sums,
    short: Sums,
    /// Difficulty of the next block.
    difficulty: u64,
    median: u64,
    timestamp_ms: u64,
}

impl Branch {
    /// A branch whose window is full of blocks that each took the block time.
    pub fn steady(rules: Rules, difficulty: u64, timestamp_ms: u64) -> Self {
        let block = Block {
            solve_time_ms: BLOCK_TIME_MS,
            difficulty,
        };
        Self {
            rules,
            blocks: [block; LONG],
            oldest: 0,
            long: Sums::steady(LONG, block),
            short: Sums::steady(SHORT, block),
            difficulty,
            median: difficulty,
            timestamp_ms,
        }
    }

    /// Difficulty of the next block.
    pub fn difficulty(&self) -> u64 {
        self.difficulty
    }

    /// The median before the next block.
    pub fn median(&self) -> u64 {
        self.median
    }

    /// The weight of the next block.
    pub fn weight(&self) -> u64 {
        self.difficulty.min(self.weight_max())
    }

    /// The greatest weight that the next block can have.
    pub fn weight_max(&self) -> u64 {
        let part = self.rules.excess_part;
        part.map_or(u64::MAX, |part| self.median + self.median / part)
    }

    /// Stamp of the tip.
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }

    /// The earliest stamp of the next block.
    pub fn timestamp_ms_min(&self) -> u64 {
        self.timestamp_ms + self.rules.spacing_ms
    }

    /// Takes the next block.
    pub fn push(&mut self, timestamp_ms: u64) {
        let (long, short) = self.sums_after(timestamp_ms);
        let next = self.next(&long, &short);
        self.blocks[self.oldest] = self.block(timestamp_ms);
        self.oldest = (self.oldest + 1) % LONG;
        (self.long, self.short) = (long, short);
        self.timestamp_ms = timestamp_ms;
        self.difficulty = next;
        self.median = self.median_of_newest();
    }

    /// The difficulty of the block after the next, if the next one had this stamp.
    pub fn difficulty_after(&self, timestamp_ms: u64) -> u64 {
        let (long, short) = self.sums_after(timestamp_ms);
        self.next(&long, &short)
    }

    /// The stamp of the next block that brings the difficulty of the one after it nearest to `goal`.
    pub fn timestamp_ms_for(&self, goal: u64) -> u64 {
        let earliest = self.timestamp_ms_min();
        let latest = self.timestamp_ms + SOLVE_TIME_MS_MAX;
        let (long, short) = self.sums_after(self.timestamp_ms);
        let exact = |sums: Sums, len: usize| {
            let time_ms = sums.weighted_work * u128::from(BLOCK_TIME_MS);
            let time_ms = (time_ms / u128::from(goal.max(1))) as u64;
            // The sums hold a solve time of 1 ms.
            let rest_ms = sums.weighted_time_ms - len as u64;
            let solve_time_ms = time_ms.saturating_sub(rest_ms) / len as u64;
            (self.timestamp_ms + solve_time_ms).clamp(earliest, latest)
        };
        [earliest, exact(long, LONG), exact(short, SHORT), latest]
            .into_iter()
            .min_by_key(|stamp| (self.difficulty_after(*stamp).abs_diff(goal), *stamp))
            .unwrap_or(earliest)
    }

    fn block(&self, timestamp_ms: u64) -> Block {
        let solve_time_ms = timestamp_ms.saturating_sub(self.timestamp_ms);
        Block {
            solve_time_ms: solve_time_ms.clamp(1, SOLVE_TIME_MS_MAX),
            difficulty: self.difficulty,
        }
    }

    fn sums_after(&self, timestamp_ms: u64) -> (Sums, Sums) {
        let block = self.block(timestamp_ms);
        let leaving = |len: usize| self.blocks[(self.oldest + LONG - len) % LONG];
        (
            self.long.after(LONG, leaving(LONG), block),
            self.short.after(SHORT, leaving(SHORT), block),
        )
    }

    fn next(&self, long: &Sums, short: &Sums) -> u64 {
        let sums = if long.is_far_from(short) { short } else { long };
        let hashes = sums.weighted_work * u128::from(BLOCK_TIME_MS);
        let next = (hashes / u128::from(sums.weighted_time_ms)) as u64;
        let step = |part: u64| (self.difficulty / part).max(1);
        let low = self.difficulty - step(self.rules.down_step_part);
        let high = self.difficulty + step(self.rules.up_step_part);
        next.max(low).min(high).max(1)
    }

    fn median_of_newest(&self) -> u64 {
        let mut difficulties = [0; MEDIAN_BLOCKS];
        for (back, value) in (1..).zip(&mut difficulties) {
            *value = self.blocks[(self.oldest + LONG - back) % LONG].difficulty;
        }
        *difficulties.select_nth_unstable((MEDIAN_BLOCKS - 1) / 2).1
    }
}
