//! How soon the difficulty follows the hash rate, and how still it stands afterwards.

use anyhow::Result;
use fedchain_bench::{
    simulation::{SCENARIOS, runs},
    table::row,
};

/// Simulates all scenarios.
pub fn run_all() -> Result<()> {
    for scenario in &SCENARIOS {
        let runs = runs(scenario);
        let mut recoveries: Vec<u32> = runs
            .iter()
            .flat_map(|run| &run.recoveries)
            .map(|recovery| recovery.unwrap_or(u32::MAX))
            .collect();
        recoveries.sort_unstable();
        let mut settled: Vec<f64> = runs.iter().flat_map(|run| run.settled.clone()).collect();
        settled.sort_unstable_by(f64::total_cmp);

        let name = |figure| format!("difficulty_{}_{figure}", scenario.name);
        let in_time = recoveries.partition_point(|blocks| *blocks <= 60);
        let share = in_time as f64 / recoveries.len() as f64;
        row(&name("back_in_60"), 100.0 * share, "%");
        let blocks = |share| f64::from(*quantile(&recoveries, share));
        row(&name("back_median"), blocks(0.5), "blocks");
        row(&name("back_p99"), blocks(0.99), "blocks");
        let mean = settled.iter().sum::<f64>() / settled.len() as f64;
        row(&name("settled_mean"), mean, "targets");
        row(&name("settled_p1"), *quantile(&settled, 0.01), "targets");
        row(&name("settled_p99"), *quantile(&settled, 0.99), "targets");
    }
    Ok(())
}

fn quantile<T>(sorted: &[T], share: f64) -> &T {
    &sorted[((sorted.len() - 1) as f64 * share) as usize]
}
