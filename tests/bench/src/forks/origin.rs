//! Where forks begin: tips of chains that honest miners made.

use super::{
    branch::{BLOCK_TIME_MS, Branch, Rules},
    race::HASHES_PER_MS,
};
use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Exp1};
use rayon::prelude::*;

/// Chains, from each of which equally many forks begin.
const CHAINS: u64 = 1_024;
/// Blocks at a hash rate of one: the window three times over.
const QUIET: u32 = 300;

/// Mines chains at a hash rate of one, and then a few `blocks` at another one.
pub fn mine(rules: Rules, rate: f64, blocks: u32) -> Vec<Branch> {
    (0..CHAINS)
        .into_par_iter()
        .map(|seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let difficulty = (HASHES_PER_MS * BLOCK_TIME_MS as f64) as u64;
            let mut branch = Branch::steady(rules, difficulty, 1_700_000_000_000);
            let mut now_ms = branch.timestamp_ms() as f64;
            let rates = (0..QUIET).map(|_| 1.0).chain((0..blocks).map(|_| rate));
            for rate in rates {
                let luck: f64 = Exp1.sample(&mut random);
                now_ms += branch.difficulty() as f64 * luck / (HASHES_PER_MS * rate);
                let stamp = (now_ms as u64).max(branch.timestamp_ms_min());
                branch.push(stamp);
            }
            branch
        })
        .collect()
}
