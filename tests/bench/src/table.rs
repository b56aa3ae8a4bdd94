//! The table, and how a duration is measured.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Prints the machine.
pub fn machine() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "# machine: {}, {cores} cores",
        model.map_or("unknown", |(_, name)| name)
    );
}

/// Prints one figure.
pub fn row(name: &str, value: f64, unit: &str) {
    println!("{name:<44} {value:>14.3} {unit}");
}

/// Prints that there is no such figure.
pub fn absent(name: &str, unit: &str) {
    println!("{name:<44} {:>14} {unit}", "n/a");
}

/// How often everything is measured.
pub const REPEATS: usize = 5;

/// The median of some durations.
pub fn middle(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations
        .get(durations.len() / 2)
        .copied()
        .unwrap_or_default()
}

/// Milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The median duration of `work`, and what the last run answered.
pub fn median<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut last = None;
    let durations = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            last = Some(std::hint::black_box(work()));
            start.elapsed()
        })
        .collect();
    (middle(durations), last.unwrap_or_else(work))
}
