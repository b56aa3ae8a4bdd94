//! The difficulty follows the hash rate down within 60 blocks, up within 90, and does not oscillate.

use fedchain_bench::simulation::{SCENARIOS, runs};
use fedchain_pow::U256;

/// Blocks that 99 % of all chains need at most after a fall.
const FALL_MAX: u32 = 60;
/// After a rise: the difficulty climbs by a twelfth at most.
const RISE_MAX: u32 = 90;

#[test]
fn block_times_are_back_soon_and_stay() {
    for scenario in &SCENARIOS {
        let runs = runs(scenario);
        let changes = scenario.hash_rates.len();
        for change in 0..changes {
            let rate = |change: usize| scenario.hash_rates[change].0;
            let before = change.checked_sub(1).map_or(1.0, rate);
            let (blocks_max, late_max) = match rate(change) > before {
                false => (FALL_MAX, 10),
                true if change + 1 == changes => (RISE_MAX, 10),
                // The next change comes after 60 blocks.
                true => (FALL_MAX, 100),
            };
            let late: Vec<_> = (0..)
                .zip(&runs)
                .filter(|(_, run)| run.recoveries[change].is_none_or(|blocks| blocks > blocks_max))
                .map(|(seed, _): (u64, _)| seed)
                .collect();
            let name = scenario.name;
            assert!(
                late.len() <= late_max,
                "{name}, change {change}, seeds {late:?}"
            );
        }
        assert!(runs.iter().all(|run| run.lowest > U256::zero()));

        // Luck alone moves it: the same on average as the aim, and no more at the end than before.
        let spread = |times: &[f64]| {
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            let square = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
            (mean, (square / times.len() as f64).sqrt())
        };
        let half = runs[0].settled.len() / 2;
        let halves = [0..half, half..2 * half].map(|range| {
            let times: Vec<f64> = runs
                .iter()
                .flat_map(|run| run.settled[range.clone()].to_vec())
                .collect();
            spread(&times)
        });
        // The first half still remembers the change.
        for ((mean, deviation), (off, spread)) in halves.into_iter().zip([(0.1, 0.25), (0.03, 0.2)])
        {
            let name = scenario.name;
            assert!((mean - 1.0).abs() < off, "{name}: mean {mean}");
            assert!(deviation < spread, "{name}: deviation {deviation}");
        }
        assert!(
            halves[1].1 < 1.1 * halves[0].1,
            "{}: {halves:?}",
            scenario.name
        );
    }
}
