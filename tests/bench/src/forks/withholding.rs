//! What a miner earns by keeping its blocks back ("selfish mining", Eyal and Sirer 2014, their simple
//! strategy), by the rule that decides between two branches as heavy.

use rand::{Rng, SeedableRng, rngs::StdRng};
use rayon::prelude::*;

/// Runs, each from a seed.
const RUNS: u64 = 64;
/// Blocks found in each.
const BLOCKS: u32 = 100_000;

/// Which of two branches as heavy is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The one whose block has the lower hash: its miner knows the hash before it decides.
    LowerHash,
    /// The one that was seen first: that of the honest, who had theirs out before.
    FirstSeen,
}

/// The share of all blocks that a miner with a share of the hash rate earns.
pub fn earned(share: f64, tie: Tie) -> f64 {
    let earned = |seed| withhold(share, tie, &mut StdRng::seed_from_u64(seed));
    let (own, all) = (0..RUNS)
        .into_par_iter()
        .map(earned)
        .reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
    own as f64 / all as f64
}

/// Blocks on the chain in the end: its own, and all.
fn withhold(share: f64, tie: Tie, random: &mut StdRng) -> (u64, u64) {
    let (mut own, mut others) = (0, 0);
    // Blocks kept back, and the hash of the only one as a share of all hashes.
    let (mut kept, mut hash) = (0u64, 1.0);
    for _ in 0..BLOCKS {
        if random.random_bool(share) {
            kept += 1;
            if kept == 1 {
                hash = random.random::<f64>();
                // Whoever knows that it would lose the tie shows it at once.
                if tie == Tie::LowerHash && hash > 0.5 {
                    own += 1;
                    kept = 0;
                }
            }
            continue;
        }
        match kept {
            0 => others += 1,
            1 => {
                let wins = tie == Tie::LowerHash && hash < random.random::<f64>();
                // All but the withholder mine on the winner; the next block decides.
                let next_own = random.random_bool(share);
                match (next_own, wins) {
                    (true, _) => own += 2,
                    (false, true) => {
                        own += 1;
                        others += 1;
                    }
                    (false, false) => others += 2,
                }
                kept = 0;
            }
            2 => {
                own += 2;
                kept = 0;
            }
            // One block is shown for each of the others' that it beats.
            _ => {
                own += 1;
                kept -= 1;
            }
        }
    }
    (own, own + others)
}
