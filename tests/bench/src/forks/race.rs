//! One attack: a private branch against the honest one.

use super::branch::Branch;
use fedchain_pow::{Burial, U256};
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};

/// Hashes per millisecond where the hash rate is one.
pub const HASHES_PER_MS: f64 = 1e6;
/// How far ahead of the clock a timestamp may be.
const AHEAD_MS: u64 = 2 * super::branch::BLOCK_TIME_MS;
/// Honest blocks after which an attacker gives up.
const BLOCKS_MAX: u32 = 300;
/// Blocks of its own after which it does: one that holds its difficulty low finds ever more of them.
const PRIVATE_BLOCKS_MAX: u32 = 5_000;
/// Honest blocks from which on a reorganisation is deep.
const DEEP: u32 = 6;

/// When a block is final.
#[derive(Clone, Copy)]
pub enum Finality {
    /// So many blocks are above it.
    Blocks(u32),
    /// The weight of so many blocks is above it: the rule of `fedchain_pow`.
    Weight(u32),
}

/// How an attacker stamps its blocks.
#[derive(Clone, Copy, Debug)]
pub enum Stamps {
    /// As the clock says.
    True,
    /// So that the difficulty climbs as fast as it can, up to so many times the one where the branch
    /// begins.
    Climb(f64),
    /// So that the difficulty stays where a block still counts in full, or a little off: so many times
    /// that.
    Cap(f64),
}

/// An attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// The attacker's hash rate over that of the honest.
    pub strength: f64,
    /// Its stamps.
    pub stamps: Stamps,
    /// The honest hash rate, before and after it changes.
    pub honest_rates: [f64; 2],
    /// Honest blocks above the fork before it changes.
    pub change_after: u32,
    /// When a block is final.
    pub finality: Finality,
}

/// What came of an attack.
#[derive(Clone, Copy, Default)]
pub struct Outcome {
    /// The private branch was heavier when the first honest block above the fork was final.
    pub past_finality: bool,
    /// The private branch was heavier when the honest one had six blocks.
    pub deep: bool,
}

/// Races from a common block.
pub fn race(attack: &Attack, fork: &Branch, random: &mut StdRng) -> Outcome {
    let mut race = Race::new(attack, fork, random);
    while race.goes_on() {
        race.step();
    }
    race.outcome
}

/// One of both branches.
struct Side {
    branch: Branch,
    blocks: u32,
    weight: u128,
    /// Honest hashes at which the next block is found.
    found_at: f64,
}

struct Race<'a> {
    attack: &'a Attack,
    random: &'a mut StdRng,
    /// Where the private branch's difficulty began.
    base: u64,
    median_then: u64,
    first_weight: u128,
    is_final: bool,
    /// Honest hashes so far: the clock of both sides.
    hashes: f64,
    now_ms: f64,
    honest: Side,
    private: Side,
    outcome: Outcome,
}

impl<'a> Race<'a> {
    fn new(attack: &'a Attack, fork: &Branch, random: &'a mut StdRng) -> Self {
        let side = || Side {
            branch: fork.clone(),
            blocks: 0,
            weight: 0,
            found_at: 0.0,
        };
        let mut race = Self {
            attack,
            random,
            base: fork.difficulty(),
            median_then: fork.median(),
            first_weight: 0,
            is_final: false,
            hashes: 0.0,
            now_ms: fork.timestamp_ms() as f64,
            honest: side(),
            private: side(),
            outcome: Outcome::default(),
        };
        race.search_honest();
        race.search_private();
        race
    }

    fn goes_on(&self) -> bool {
        let (honest, private) = (self.honest.blocks, self.private.blocks);
        honest < BLOCKS_MAX && private < PRIVATE_BLOCKS_MAX && !self.outcome.past_finality
    }

    /// Finds the next block of either side.
    fn step(&mut self) {
        let is_private = self.private.found_at <= self.honest.found_at;
        let next = if is_private {
            self.private.found_at
        } else {
            self.honest.found_at
        };
        let rate =
            self.attack.honest_rates[usize::from(self.honest.blocks >= self.attack.change_after)];
        self.now_ms += (next - self.hashes) / (rate * HASHES_PER_MS);
        self.hashes = next;
        if is_private {
            self.find_private();
        } else {
            self.find_honest();
        }
        self.compare();
    }

    fn find_private(&mut self) {
        let branch = &self.private.branch;
        let stamp = match self.attack.stamps {
            Stamps::True => self.now_ms as u64,
            Stamps::Climb(multiple) => {
                branch.timestamp_ms_for((multiple * self.base as f64) as u64)
            }
            Stamps::Cap(multiple) => {
                // The median after this block does not depend on its stamp.
                let mut next = branch.clone();
                next.push(branch.timestamp_ms_min());
                let full = next.weight_max();
                branch.timestamp_ms_for((multiple * full as f64) as u64)
            }
        };
        let stamp = stamp.max(branch.timestamp_ms_min());
        self.private.take(stamp);
        self.search_private();
    }

    fn find_honest(&mut self) {
        let branch = &self.honest.branch;
        let stamp = (self.now_ms as u64).max(branch.timestamp_ms_min());
        let median_now = branch.median();
        self.honest.take(stamp);
        if self.honest.blocks == 1 {
            self.first_weight = self.honest.weight;
        }
        let blocks_above = self.honest.blocks - 1;
        self.is_final = self.is_final
            || match self.attack.finality {
                Finality::Blocks(depth) => blocks_above >= depth,
                Finality::Weight(depth) => Burial {
                    weight_above: U256::from(self.honest.weight - self.first_weight),
                    blocks_above,
                    median_then: U256::from(self.median_then),
                    median_now: U256::from(median_now),
                }
                .is_final(depth),
            };
        self.search_honest();
    }

    fn compare(&mut self) {
        let is_due = self.private.branch.timestamp_ms() <= self.now_ms as u64 + AHEAD_MS;
        if self.private.weight > self.honest.weight && is_due {
            self.outcome.deep |= self.honest.blocks >= DEEP;
            self.outcome.past_finality |= self.is_final;
        }
    }

    fn search_honest(&mut self) {
        let luck: f64 = Exp1.sample(self.random);
        self.honest.found_at = self.hashes + self.honest.branch.difficulty() as f64 * luck;
    }

    fn search_private(&mut self) {
        let luck: f64 = Exp1.sample(self.random);
        let hashes = self.private.branch.difficulty() as f64 * luck / self.attack.strength;
        self.private.found_at = self.hashes + hashes;
    }
}

impl Side {
    fn take(&mut self, timestamp_ms: u64) {
        self.weight += u128::from(self.branch.weight());
        self.blocks += 1;
        self.branch.push(timestamp_ms);
    }
}
