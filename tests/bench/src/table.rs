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

/// The median of five durations of `work`, and what the last run answered.
pub fn median<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut last = None;
    let mut durations: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            last = Some(std::hint::black_box(work()));
            start.elapsed()
        })
        .collect();
    durations.sort();
    (durations[2], last.unwrap_or_else(work))
}
