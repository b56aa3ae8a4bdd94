//! Time of the smallest command, whole process, beside Flower's.

use std::{path::Path, process::Command, time::Instant};

use anyhow::Result;
use fedchain_bench::table::{middle, ms, row};

use crate::python::{Python, succeed};

/// Runs of each, in turn, after one that does not count.
const RUNS: usize = 11;

/// Prints the medians and their ratio.
pub fn run(peers: Option<&Python>) -> Result<()> {
    let ours = std::env::current_exe()?.with_file_name("fedchain");
    let theirs = peers.map(|peers| peers.program("flwr"));
    let (mut times, mut theirs_times) = (Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let measure = |program: &Path, times: &mut Vec<_>| -> Result<()> {
            let start = Instant::now();
            succeed(Command::new(program).arg("--version"))?;
            if run > 0 {
                times.push(start.elapsed());
            }
            Ok(())
        };
        measure(&ours, &mut times)?;
        if let Some(program) = &theirs {
            measure(program, &mut theirs_times)?;
        }
    }
    let ours = ms(middle(times));
    row("trainer_start", ours, "ms");
    if theirs.is_some() {
        let theirs = ms(middle(theirs_times));
        row("trainer_start_flower", theirs, "ms");
        row("trainer_start_to_flower", ours / theirs, "ratio");
    }
    Ok(())
}
