//! Whole ends of rounds in the real runtime's blocks, from the last reveal to the next round.

use anyhow::Result;
use fedchain_bench::{
    chain::Chain,
    federation::{Federation, staging_prefix, state_prefix},
    table::{REPEATS, absent, ms, row},
    task::{NARROW, WIDE, task},
};
use fedchain_fl::{Format, Strategy};
use std::time::Duration;

/// Clients, weights, format and rule.
const CASES: [(&str, u32, u32, Format, Strategy); 6] = [
    (
        "trimmed_mean",
        100,
        7_850,
        WIDE,
        Strategy::TrimmedMean { trim: 10 },
    ),
    (
        "trimmed_mean",
        1_000,
        650,
        WIDE,
        Strategy::TrimmedMean { trim: 100 },
    ),
    ("median", 20, 100_000, WIDE, Strategy::Median),
    ("krum", 100, 10_000, WIDE, Strategy::Krum { f: 10 }),
    ("fed_avg_i16", 8, 1 << 20, NARROW, Strategy::FedAvg),
    ("fed_avg_i16", 8, 1 << 22, NARROW, Strategy::FedAvg),
];

/// Measures all cases, and what a block costs that does nothing.
pub fn run() -> Result<()> {
    let empty = Chain::new()?.block(&[], REPEATS)?;
    row("block_empty", ms(empty.durations[REPEATS / 2]), "ms");
    for (rule, clients, params, format, strategy) in CASES {
        let name = format!("block_{rule}_{clients}x{params}");
        let mut chain = Chain::new()?;
        match Federation::open(&mut chain, clients, 2, task(params, format, strategy)?) {
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
