//! The rules on machine words are those of the crate.

use super::branch::{BLOCK_TIME_MS, Branch, Rules};
use fedchain_pow::{
    Bounds, DOWN_STEP_PART, Entry, U256, UP_STEP_PART, WINDOW_ENTRIES_MAX, median, retarget, weight,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

const RULES: Rules = super::NOW;

/// What the crate says of the blocks of a branch.
struct Crate {
    window: Vec<Entry>,
    difficulty: U256,
}

impl Crate {
    fn steady(difficulty: u64, timestamp_ms: u64) -> Self {
        let entries = u64::from(WINDOW_ENTRIES_MAX);
        let window = (0..entries)
            .map(|block| Entry {
                timestamp_ms: timestamp_ms - (entries - 1 - block) * BLOCK_TIME_MS,
                difficulty: difficulty.into(),
            })
            .collect();
        Self {
            window,
            difficulty: difficulty.into(),
        }
    }

    fn after(&self, timestamp_ms: u64) -> (Vec<Entry>, U256) {
        let mut window = self.window.clone();
        window.remove(0);
        window.push(Entry {
            timestamp_ms,
            difficulty: self.difficulty,
        });
        let bounds = Bounds {
            floor: U256::one(),
            ceiling: U256::MAX,
        };
        let next = retarget(&window, self.difficulty, BLOCK_TIME_MS, bounds);
        (window, next)
    }

    fn push(&mut self, timestamp_ms: u64) {
        (self.window, self.difficulty) = self.after(timestamp_ms);
    }
}

/// Follows 500 blocks on either side, the stamps from `stamp`.
fn check(seed: u64, mut stamp: impl FnMut(&Branch, &mut StdRng) -> u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let (difficulty, timestamp_ms) = (random.random_range(1_000_000..6_000_000_000), 1 << 40);
    let mut branch = Branch::steady(RULES, difficulty, timestamp_ms);
    let mut theirs = Crate::steady(difficulty, timestamp_ms);
    for block in 0..500 {
        let at = |figure: &str| format!("{figure}, seed {seed}, block {block}");
        let difficulty = U256::from(branch.difficulty());
        assert_eq!(difficulty, theirs.difficulty, "{}", at("difficulty"));
        let middle = median(&theirs.window, U256::zero());
        assert_eq!(U256::from(branch.median()), middle, "{}", at("median"));
        let counts = weight(theirs.difficulty, middle);
        assert_eq!(U256::from(branch.weight()), counts, "{}", at("weight"));

        let stamp = stamp(&branch, &mut random);
        assert!(stamp >= branch.timestamp_ms_min());
        let next = U256::from(branch.difficulty_after(stamp));
        assert_eq!(next, theirs.after(stamp).1, "{}", at("next"));
        branch.push(stamp);
        theirs.push(stamp);
    }
}

#[test]
fn machine_words_give_what_the_crate_gives() {
    for seed in 0..20 {
        check(seed, |branch, random| {
            branch.timestamp_ms_min() + random.random_range(0..15_000)
        });
        // Solve times from the shortest to beyond the longest that counts.
        check(seed, |branch, random| {
            let times = [0..300, 0..300, 0..20_000, 0..200_000];
            let time = times[random.random_range(0..times.len())].clone();
            branch.timestamp_ms_min() + random.random_range(time)
        });
        // The hash rate leaps now and then, so that both windows have their say.
        let mut rate = 1.0;
        check(seed, |branch, random| {
            if random.random_bool(0.03) {
                rate = random.random_range(-4.0..4.0_f64).exp2();
            }
            let time = rate * BLOCK_TIME_MS as f64 * -random.random::<f64>().ln();
            branch.timestamp_ms_min() + time as u64
        });
        // As an attacker stamps.
        check(seed, |branch, random| {
            let goal = branch.difficulty() as f64 * random.random_range(0.7..1.2);
            branch.timestamp_ms_for(goal as u64)
        });
    }
}

#[test]
fn rules_of_now_are_those_of_the_crate() {
    assert_eq!(RULES.up_step_part, UP_STEP_PART);
    assert_eq!(RULES.down_step_part, DOWN_STEP_PART);
}
