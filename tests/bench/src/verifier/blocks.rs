//! Whole ends of rounds in the real runtime's blocks, from the last reveal to the next round.

use anyhow::Result;
use fedchain_bench::{
    chain::Chain,
    federation::{Federation, staging_prefix, state_prefix},
    table::{REPEATS, absent, ms, row},
    task::{NARROW, WIDE, task},
};
use fedchain_fl::{Format, Strategy};
use fedchain_runtime::{Balance, currency::UNIT};
use std::time::Duration;

/// Name, rule, clients, weights, format, and reward per round.
const CASES: [(&str, Strategy, u32, u32, Format, Balance); 7] = [
    ("trimmed_mean", TENTH_OF_100, 100, 7_850, WIDE, 0),
    ("trimmed_mean", TENTH_OF_1000, 1_000, 650, WIDE, 0),
    ("trimmed_mean_paying", TENTH_OF_1000, 1_000, 650, WIDE, UNIT),
    ("median", Strategy::Median, 20, 100_000, WIDE, 0),
    ("krum", Strategy::Krum { f: 10 }, 100, 10_000, WIDE, 0),
    ("fed_avg_i16", Strategy::FedAvg, 8, 1 << 20, NARROW, 0),
    ("fed_avg_i16", Strategy::FedAvg, 8, 1 << 22, NARROW, 0),
];

const TENTH_OF_100: Strategy = Strategy::TrimmedMean { trim: 10 };
const TENTH_OF_1000: Strategy = Strategy::TrimmedMean { trim: 100 };

/// Measures all cases, and what a block costs that does nothing.
pub fn run() -> Result<()> {
    let empty = Chain::new()?.block(&[], REPEATS)?;
    row("block_empty", ms(empty.durations[REPEATS / 2]), "ms");
    for (name, strategy, clients, params, format, reward) in CASES {
        let name = format!("block_{name}_{clients}x{params}");
        let mut chain = Chain::new()?;
        let task = task(params, format, strategy)?;
        match Federation::open(&mut chain, clients, 2, reward, task) {
            Ok(federation) => measure(&mut chain, &federation, &name)?,
            Err(refused) => {
                println!("# {name}: {refused:#}");
                absent(&format!("{name}_total"), "ms");
            }
        }
    }
    Ok(())
}

fn measure(chain: &mut Chain, federation: &Federation, name: &str) -> Result<()> {
    federation.commit(chain)?;
    federation.reveal(chain)?;
    let staged = chain.state_bytes(&staging_prefix())?;

    let (mut blocks, mut total, mut longest) = (0u32, Duration::ZERO, Duration::ZERO);
    while federation.round(chain)? == 1 {
        let duration = chain.block(&[], REPEATS)?.durations[REPEATS / 2];
        blocks += 1;
        total += duration;
        longest = longest.max(duration);
    }
    row(&format!("{name}_blocks"), blocks.into(), "blocks");
    row(&format!("{name}_total"), ms(total), "ms");
    row(&format!("{name}_longest"), ms(longest), "ms");
    row(&format!("{name}_staged"), staged as f64, "bytes");
    let state = chain.state_bytes(&state_prefix())?;
    row(&format!("{name}_state"), state as f64, "bytes");
    Ok(())
}
