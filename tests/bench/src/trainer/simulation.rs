//! Simulated rounds beside Flower's simulation engine: the same rows, model, epochs and rates.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fedchain_bench::table::{middle, row};
use fedchain_learn::{
    Hyper,
    data::Dataset,
    simulate::{Setup, Simulation},
};

use super::Digits;
use crate::{python::Python, robustness::digits};

/// Numbers of clients, and Flower's rounds: it takes seconds for each at the most.
const SIZES: [(usize, u32); 3] = [(10, 10), (100, 10), (1_000, 3)];
/// Our rounds; Flower's accuracy is compared after as many as it runs.
const ROUNDS: u32 = 100;
/// As peers/simulate.py has them.
const HYPER: Hyper = Hyper {
    epochs: 5,
    learning_rate: 1.0,
    seed: 1,
    ..Hyper::DEFAULT
};

/// Prints seconds per round, accuracies and memory, and their ratios.
pub fn run(peers: Option<&Python>, digits: &Digits) -> Result<()> {
    for (clients, rounds) in SIZES {
        let name = format!("simulate_{clients}_clients");
        let ours = measure(digits, clients, rounds)?;
        row(
            &format!("{name}_round"),
            ours.round.as_secs_f64() * 1e3,
            "ms",
        );
        row(&format!("{name}_accuracy"), ours.accuracy, "%");
        let Some(python) = peers else { continue };
        let mut args = digits.args.clone();
        args.extend(["--clients".into(), clients.to_string()]);
        args.extend(["--rounds".into(), rounds.to_string()]);
        let found = python.run("simulate.py", &args)?;
        let found = found.first().context("Flower printed nothing")?;
        let number = |key: &str| found[key].as_f64().context(key.to_owned());
        let round = number("round_seconds")?;
        row(&format!("{name}_flower_round"), round * 1e3, "ms");
        row(
            &format!("{name}_flower_accuracy"),
            number("accuracy")? * 100.0,
            "%",
        );
        row(
            &format!("{name}_flower_start"),
            number("startup_seconds")?,
            "s",
        );
        row(
            &format!("{name}_flower_memory"),
            number("peak_pss_mib")?,
            "MiB",
        );
        let times = round / ours.round.as_secs_f64();
        row(&format!("{name}_times_flower"), times, "ratio");
    }
    let (clients, _) = SIZES[SIZES.len() - 1];
    let memory = memory(clients)?;
    row(
        &format!("simulate_{clients}_clients_{ROUNDS}_rounds_memory"),
        memory,
        "MiB",
    );
    Ok(())
}

struct Measured {
    /// The median round.
    round: Duration,
    /// After `rounds` rounds, on the rows held out, in per cent.
    accuracy: f64,
}

fn measure(digits: &Digits, clients: usize, rounds: u32) -> Result<Measured> {
    let mut spec = digits::spec()?;
    spec.rounds_max = ROUNDS;
    let rows = digits.training.rows();
    let parts = (0..clients).map(|client| {
        let of_client: Vec<usize> = (client..rows).step_by(clients).collect();
        digits.training.select(&of_client)
    });
    let parts: Vec<Dataset> = parts.collect();
    let held_out = std::slice::from_ref(&digits.held_out);
    let setup = Setup {
        held_out,
        ..Setup::new(&spec, &parts, HYPER)
    };
    let (mut times, mut accuracy, mut start) = (Vec::new(), None, Instant::now());
    for round in Simulation::new(setup)? {
        let round = round?;
        times.push(start.elapsed());
        if round.round == rounds {
            accuracy = round.metrics.accuracy;
        }
        start = Instant::now();
    }
    ensure!(times.len() as u32 == ROUNDS + 1, "a round is missing");
    Ok(Measured {
        round: middle(times.split_off(1)),
        accuracy: accuracy.context("no accuracy")? * 100.0,
    })
}

/// The most memory of the command `fedchain simulate` with its file of rows, in MiB.
fn memory(clients: usize) -> Result<f64> {
    let task = crate::overhead::task::Task::new(5)?;
    let program = std::env::current_exe()?.with_file_name("fedchain");
    let (clients, rounds) = (clients.to_string(), ROUNDS.to_string());
    let mut child = Command::new(program)
        .args(["simulate", "--clients", &clients, "--rounds", &rounds])
        .args(["--epochs", "5", "--spec"])
        .arg(&task.spec)
        .arg("--data")
        .arg(&task.all)
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak = 0.0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let kib = status.ok().and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim_end_matches("kB").trim().parse::<f64>().ok()
        });
        peak = kib.map_or(peak, |kib| kib / 1_024.0);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(20));
    };
    ensure!(status.success(), "the simulation ended with {status}");
    Ok(peak)
}
