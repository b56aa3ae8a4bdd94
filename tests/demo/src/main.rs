//! The demonstration: one node and two trainers, as separate processes, learn one model.
//!
//! Each trainer has half of the training rows and sends weights only. At the end the federated
//! model is compared, on rows that nobody trained on, with a central model of all training rows
//! and with what each client reaches alone.

mod baseline;
mod chart;
mod federation;
mod optimality;
mod report;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use fedchain_test_support::{FIXED_SPLIT, Task};
use tokio::signal::unix::{SignalKind, signal};

/// Longest duration of the whole demonstration.
const TIME_MAX: Duration = Duration::from_secs(90);

/// One node, two trainers, one model.
#[derive(Debug, Parser)]
struct Args {
    /// What to show.
    #[arg(long, value_enum, default_value = "diabetes")]
    task: Show,

    /// Folder for data, logs and the loss curve; by default beside the executable.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What can be shown.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Show {
    /// Regression by federated averaging.
    Diabetes,
    /// Classification by federated averaging.
    Wine,
    /// A regression in one round, proven to be the optimum; then without one of its clients.
    Optimality,
}

#[tokio::main]
async fn main() -> ExitCode {
    match until_stopped(Args::parse()).await {
        Ok(verdict) => {
            println!("{verdict}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("demo: failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the demonstration; when it is interrupted or takes too long, its processes end with it.
async fn until_stopped(args: Args) -> Result<String> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        result = demonstrate(args) => result,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
        _ = hangup.recv() => bail!("the terminal was closed"),
        () = tokio::time::sleep(TIME_MAX) => bail!("not done after {} s", TIME_MAX.as_secs()),
    }
}

async fn demonstrate(args: Args) -> Result<String> {
    let name = format!("{:?}", args.task).to_lowercase();
    let out = match args.out {
        Some(out) => out,
        None => {
            let here = std::env::current_exe()?;
            here.parent().context("no folder")?.join("demo").join(name)
        }
    };
    let task = match args.task {
        Show::Diabetes => Task::Diabetes,
        Show::Wine => Task::Wine,
        Show::Optimality => return optimality::demonstrate(&out).await,
    };
    let parts = task.split(&out, FIXED_SPLIT, 2)?;
    let record = federation::run(task, &parts, &out).await?;
    let comparison = baseline::compare(task, &parts, &record.models)?;
    chart::draw(&out.join("loss.svg"), &comparison.curves)?;
    report::print(&record, &comparison);
    println!(
        "\nin {}: loss.svg (the loss curve), node.log, the data",
        out.display()
    );
    comparison.verdict()
}
