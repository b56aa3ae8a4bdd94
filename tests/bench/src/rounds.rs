//! Time per round of the demonstration, by the timestamps of its blocks.

use anyhow::{Context, Result, ensure};
use std::process::Command;

use fedchain_bench::table::row;

/// Runs the demonstration beside this executable and reads its report.
pub fn run() -> Result<()> {
    let demo = std::env::current_exe()?.with_file_name("fedchain-demo");
    let out = tempfile::tempdir()?;
    let output = Command::new(&demo)
        .arg("--out")
        .arg(out.path())
        .output()
        .with_context(|| format!("cannot run {}", demo.display()))?;
    ensure!(output.status.success(), "the demonstration failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds = text
        .lines()
        .find_map(|line| line.strip_prefix("median round: ")?.strip_suffix(" s"))
        .context("the demonstration did not print the duration of its rounds")?;
    row("demo_round_median", seconds.parse()?, "s");
    Ok(())
}
