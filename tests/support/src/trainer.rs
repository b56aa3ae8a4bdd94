//! `fedchain train` and `fedchain evaluate` as child processes whose logs can be waited for.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout},
    time::timeout,
};

use crate::{CLIENTS, Cli};

/// Longest wait for anything that a trainer should do.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// A running trainer or evaluator; killed when dropped.
pub struct Trainer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
}

impl Trainer {
    /// Starts `fedchain train`, with more options at the end.
    pub fn start(
        cli: &Cli,
        federation: u32,
        key: &str,
        data: &Path,
        state: &Path,
        options: &[&str],
    ) -> Result<Self> {
        Self::spawn(cli, "train", federation, key, data, state, options)
    }

    /// Starts one for each of [`CLIENTS`], with its own data, likewise.
    pub fn start_all(
        cli: &Cli,
        federation: u32,
        data: &[PathBuf],
        folder: &Path,
        options: &[&str],
    ) -> Result<Vec<Self>> {
        let trainers = CLIENTS.iter().zip(data).map(|(key, data)| {
            let state = folder.join(format!("state-{}", key.trim_start_matches('/')));
            Self::start(cli, federation, key, data, &state, options)
        });
        trainers.collect()
    }

    /// Starts `fedchain evaluate`, with more options at the end.
    pub fn evaluate(
        cli: &Cli,
        federation: u32,
        key: &str,
        data: &Path,
        state: &Path,
        options: &[&str],
    ) -> Result<Self> {
        Self::spawn(cli, "evaluate", federation, key, data, state, options)
    }

    fn spawn(
        cli: &Cli,
        verb: &str,
        federation: u32,
        key: &str,
        data: &Path,
        state: &Path,
        options: &[&str],
    ) -> Result<Self> {
        let (federation, data) = (federation.to_string(), data.display().to_string());
        let state = state.display().to_string();
        let args = [
            verb,
            &federation,
            "--key",
            key,
            "--data",
            &data,
            "--state-dir",
            &state,
        ];
        Self::run(cli, &[&args, options].concat())
    }

    /// Starts any command that tells of events.
    pub fn run(cli: &Cli, args: &[&str]) -> Result<Self> {
        let mut child = cli
            .command(&[&["--format", "json"], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let errors = child.stderr.take().context("no output")?;
        Ok(Self {
            child,
            lines: BufReader::new(stdout).lines(),
            errors,
        })
    }

    /// Waits for the next event of this name.
    pub async fn wait_for(&mut self, event: &str) -> Result<Value> {
        timeout(WAIT_MAX, async {
            let mut last = String::new();
            while let Some(line) = self.lines.next_line().await? {
                last.clone_from(&line);
                let value: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
                if value["event"] == event {
                    return Ok(value);
                }
            }
            let mut said = String::new();
            self.errors.read_to_string(&mut said).await?;
            bail!("the trainer ended before \"{event}\": {last}{said}")
        })
        .await
        .with_context(|| format!("no \"{event}\" in time"))?
    }

    /// Waits for its summary and its success.
    pub async fn finish(mut self) -> Result<Value> {
        let summary = self.wait_for("summary").await?;
        let status = timeout(WAIT_MAX, self.child.wait())
            .await
            .context("does not end")??;
        anyhow::ensure!(status.success(), "the trainer ended with {status}");
        Ok(summary)
    }

    /// Kills it with signal 9.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
