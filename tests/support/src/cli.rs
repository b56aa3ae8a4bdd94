//! `fedchain` as a child process.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::binary;

/// The command line of one user, connected to one node.
#[derive(Debug, Clone)]
pub struct Cli {
    program: PathBuf,
    url: String,
    options: Vec<String>,
}

impl Cli {
    /// For the node at `url`.
    ///
    /// # Errors
    /// When `fedchain` has not been built.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        Ok(Self {
            program: binary("fedchain")?,
            url: url.into(),
            options: vec![],
        })
    }

    /// The same with these options before every command.
    pub fn with(mut self, options: &[&str]) -> Self {
        self.options = options.iter().map(ToString::to_string).collect();
        self
    }

    /// A command to run in any way; it dies with its handle.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--url", &self.url]);
        command.args(&self.options).args(args);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end, whatever that is.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn run(&self, args: &[&str]) -> Result<Output> {
        Ok(self.command(args).output().await?)
    }

    /// What the account behind a key owns, in planck, with what is held.
    ///
    /// # Errors
    /// When `fedchain status` fails.
    pub async fn owned(&self, key: &str) -> Result<i128> {
        let status = self.json(&["status", "--key", key]).await?;
        let amount = |what: &str| -> Result<i128> {
            let amount = status["account"][what].as_str().context("no balance")?;
            Ok(amount.parse()?)
        };
        Ok(amount("free")? + amount("held")?)
    }

    /// Runs a command that must succeed with `--format json`; returns what it prints.
    ///
    /// # Errors
    /// What it said, when it fails.
    pub async fn json(&self, args: &[&str]) -> Result<Value> {
        let output = self.run(&[&["--format", "json"], args].concat()).await?;
        // In JSON, errors go to standard output as well.
        let said = [&output.stdout[..], &output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(
            output.status.success(),
            "fedchain {} failed: {}",
            args.join(" "),
            said.trim()
        );
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("fedchain {} printed no JSON", args.join(" ")))
    }
}
