//! A chain without blocks: what the retarget makes of a hash rate, of luck and of lies.

use fedchain_pow::{Bounds, Entry, U256, retarget};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Exp1};
use rayon::prelude::*;

/// The block time that is aimed at.
const BLOCK_TIME_MS: u64 = 6_000;
/// How far ahead of the clock a timestamp may be.
const AHEAD_MS: u64 = 2 * BLOCK_TIME_MS;
/// Hashes per millisecond where the hash rate is one.
const HASHES_PER_MS: f64 = 1e6;
/// Blocks at a hash rate of one before anything happens.
const QUIET: u32 = 200;
/// Blocks after the last change.
const AFTER: u32 = 400;
const SEEDS: u64 = 1_000;
/// A block time is back when it differs from its aim by less than this.
const TOLERANCE: f64 = 0.2;

/// What happens to a chain.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Hash rates, and for how many blocks each holds; the last one holds on.
    pub hash_rates: &'static [(f64, u32)],
    /// The share of blocks whose timestamps lie.
    pub liars: f64,
    /// How they lie.
    pub lie: Lie,
}

/// How a false timestamp is chosen.
#[derive(Clone, Copy)]
pub enum Lie {
    /// As far ahead of the clock as is allowed.
    Limit,
    /// Anywhere between the parent's and the limit.
    Anywhere,
}

/// The scenarios that are looked at.
pub const SCENARIOS: [Scenario; 6] = [
    honest("up_10", &[(10.0, 0)]),
    honest("down_10", &[(0.1, 0)]),
    honest(
        "oscillating",
        &[
            (10.0, 60),
            (1.0, 60),
            (10.0, 60),
            (1.0, 60),
            (10.0, 60),
            (1.0, 0),
        ],
    ),
    Scenario {
        lie: Lie::Anywhere,
        liars: 1.0,
        ..honest("lying_up_10", &[(10.0, 0)])
    },
    Scenario {
        liars: 0.3,
        ..honest("limit_up_10", &[(10.0, 0)])
    },
    Scenario {
        liars: 0.3,
        ..honest("limit_down_10", &[(0.1, 0)])
    },
];

const fn honest(name: &'static str, hash_rates: &'static [(f64, u32)]) -> Scenario {
    Scenario {
        name,
        hash_rates,
        liars: 0.0,
        lie: Lie::Limit,
    }
}

/// What became of one chain.
pub struct Run {
    /// For each change of the hash rate, the blocks until the expected block time was back within
    /// 20 % of its aim; none when it was not before the next change.
    pub recoveries: Vec<Option<u32>>,
    /// Expected block times, as multiples of the aim, from 60 blocks after the last change on.
    pub settled: Vec<f64>,
    /// The lowest difficulty.
    pub lowest: U256,
}

/// Mines a chain for each of a thousand seeds, from 0 on.
pub fn runs(scenario: &Scenario) -> Vec<Run> {
    (0..SEEDS)
        .into_par_iter()
        .map(|seed| run(scenario, seed))
        .collect()
}

/// Mines a chain with the luck of a seed.
fn run(scenario: &Scenario, seed: u64) -> Run {
    let mut chain = Chain::new(seed);
    for _ in 0..QUIET {
        chain.mine(1.0, scenario);
    }
    let mut recoveries = vec![];
    let mut settled = vec![];
    for (rate, blocks) in scenario.hash_rates {
        let is_last = *blocks == 0;
        let mut recovery = None;
        for block in 0..if is_last { AFTER } else { *blocks } {
            let time = chain.mine(*rate, scenario);
            if recovery.is_none() && (time - 1.0).abs() <= TOLERANCE {
                recovery = Some(block);
            }
            if is_last && block >= 60 {
                settled.push(time);
            }
        }
        recoveries.push(recovery);
    }
    Run {
        recoveries,
        settled,
        lowest: chain.lowest,
    }
}

struct Chain {
    random: StdRng,
    now_ms: f64,
    window: Vec<Entry>,
    difficulty: U256,
    lowest: U256,
}

impl Chain {
    fn new(seed: u64) -> Self {
        let difficulty = U256::from((HASHES_PER_MS * BLOCK_TIME_MS as f64) as u64);
        Self {
            random: StdRng::seed_from_u64(seed),
            now_ms: 1.7e12,
            window: vec![],
            difficulty,
            lowest: difficulty,
        }
    }

    /// Mines a block; answers its expected time as a multiple of the aim.
    fn mine(&mut self, hash_rate: f64, scenario: &Scenario) -> f64 {
        let difficulty = self.difficulty.as_u128() as f64;
        let expected_ms = difficulty / (HASHES_PER_MS * hash_rate);
        let luck: f64 = Exp1.sample(&mut self.random);
        self.now_ms += expected_ms * luck;

        let earliest = self.window.last().map_or(0, |block| block.timestamp_ms + 1);
        let now = self.now_ms as u64;
        let limit = now + AHEAD_MS;
        let stamp = match scenario.lie {
            _ if !self.random.random_bool(scenario.liars) => now,
            Lie::Limit => limit,
            Lie::Anywhere => self.random.random_range(earliest.min(limit)..=limit),
        };
        self.window.push(Entry {
            timestamp_ms: stamp.max(earliest),
            difficulty: self.difficulty,
        });
        let bounds = Bounds {
            floor: U256::one(),
            ceiling: U256::MAX,
        };
        self.difficulty = retarget(&self.window, self.difficulty, BLOCK_TIME_MS, bounds);
        self.lowest = self.lowest.min(self.difficulty);
        expected_ms / BLOCK_TIME_MS as f64
    }
}
