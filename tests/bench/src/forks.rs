//! What a secret branch is good for: past finality, six blocks deep, and in the money of who withholds.

mod branch;
mod origin;
mod race;
#[cfg(test)]
mod tests;
mod withholding;

use anyhow::Result;
use branch::{BLOCK_TIME_MS, Branch, Rules};
use fedchain_bench::table::row;
use fedchain_pow::{DOWN_STEP_PART, EXCESS_PART, UP_STEP_PART};
use origin::mine;
use race::{Attack, Finality, Stamps, race};
use rand::{SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use withholding::{Tie, earned};

/// The rules of the chain.
const NOW: Rules = Rules {
    up_step_part: UP_STEP_PART,
    down_step_part: DOWN_STEP_PART,
    excess_part: Some(EXCESS_PART),
    spacing_ms: BLOCK_TIME_MS / 20,
};
/// Those of version 0.1.0.
const BEFORE: Rules = Rules {
    up_step_part: 4,
    down_step_part: 4,
    excess_part: None,
    spacing_ms: 1,
};
/// The default of specifications.
const FINALITY: Finality = Finality::Weight(100);
/// That of version 0.1.0.
const FINALITY_BEFORE: Finality = Finality::Blocks(60);
const THIRD: f64 = 1.0 / 3.0;

/// Races from chains of one kind.
struct Field {
    name: &'static str,
    origins: Vec<Branch>,
    finality: Finality,
}

impl Field {
    fn new(name: &'static str, rules: Rules, finality: Finality) -> Self {
        let origins = mine(rules, 1.0, 0);
        Self {
            name,
            origins,
            finality,
        }
    }

    /// Races so often at a constant hash rate, and prints what came of it.
    fn show(&self, what: &str, share: f64, stamps: Stamps, tries: u64) {
        self.show_changing(what, share, stamps, tries, (0, 1.0));
    }

    /// The same while the hash rate of both sides changes, after so many honest blocks, by a factor. The
    /// attacker was one of the network's miners before: the honest have the rest.
    fn show_changing(
        &self,
        what: &str,
        share: f64,
        stamps: Stamps,
        tries: u64,
        (change_after, factor): (u32, f64),
    ) {
        let rest = 1.0 - share;
        let attack = Attack {
            strength: share / rest,
            stamps,
            honest_rates: [rest, rest * factor],
            change_after,
            finality: self.finality,
        };
        let origin = |seed: u64| &self.origins[(seed % self.origins.len() as u64) as usize];
        let (past, deep) = (0..tries)
            .into_par_iter()
            .map(|seed| race(&attack, origin(seed), &mut StdRng::seed_from_u64(seed)))
            .map(|outcome| (u64::from(outcome.past_finality), u64::from(outcome.deep)))
            .reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
        let name = |figure| format!("forks_{}_{what}_{share:.3}_{figure}", self.name);
        let percent = |count: u64| 100.0 * count as f64 / tries as f64;
        row(&name("tries"), tries as f64, "tries");
        row(&name("past_finality"), percent(past), "%");
        row(&name("six_blocks"), percent(deep), "%");
    }
}

/// Simulates all attacks.
pub fn run_all() -> Result<()> {
    let before = Field::new("before", BEFORE, FINALITY_BEFORE);
    before.show("true", THIRD, Stamps::True, 40_000);
    for share in [0.25, 0.3, THIRD] {
        before.show("climb", share, Stamps::Climb(f64::MAX), 40_000);
    }
    let now = Field::new("now", NOW, FINALITY);
    now.show("true", THIRD, Stamps::True, 100_000);
    for (name, multiple) in [
        ("climb", f64::MAX),
        ("climb_to_2", 2.0),
        ("climb_to_4", 4.0),
    ] {
        now.show(name, THIRD, Stamps::Climb(multiple), 100_000);
    }
    now.show("cap_1.1", THIRD, Stamps::Cap(1.1), 100_000);
    now.show("cap", 0.25, Stamps::Cap(1.0), 100_000);
    now.show("cap", 0.3, Stamps::Cap(1.0), 100_000);
    now.show("cap", THIRD, Stamps::Cap(1.0), 300_000);
    for share in [0.2, 0.3, THIRD] {
        for change_after in [0, 60, 90, 100, 110, 120, 130] {
            let change = (change_after, 10.0);
            for (name, stamps) in [("held", Stamps::Climb(1.0)), ("cap", Stamps::Cap(1.0))] {
                let what = format!("growth_after_{change_after}_{name}");
                now.show_changing(&what, share, stamps, 10_000, change);
            }
        }
    }
    for share in [0.25, 0.3, THIRD] {
        for (name, stamps) in [("true", Stamps::True), ("cap", Stamps::Cap(1.0))] {
            let what = format!("fall_{name}");
            now.show_changing(&what, share, stamps, 20_000, (0, 0.1));
        }
    }
    for share in [0.25, 0.3, 0.33] {
        let name = |tie| format!("forks_withheld_{share}_{tie}");
        row(&name("lower_hash"), earned(share, Tie::LowerHash), "share");
        row(&name("first_seen"), earned(share, Tie::FirstSeen), "share");
    }
    Ok(())
}
