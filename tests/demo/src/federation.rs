//! The federation: node, owner and trainers as processes of their own.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{Cli, Node, Parts, Task};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Child,
};

/// Who owns the federation and mines.
const OWNER: &str = "//Alice";
/// Who trains.
const CLIENTS: [&str; 2] = ["//Bob", "//Charlie"];

/// What the chain holds in the end.
pub struct Federation {
    /// The server model after each round, the initial one first.
    pub models: Vec<Vec<i32>>,
    /// The record of the block that closed the last round.
    pub block: String,
    /// What the verifier found.
    pub verdict: String,
}

/// Creates the federation, trains to its last round, and reads everything back from the chain.
pub async fn run(task: Task, parts: &Parts, out: &Path) -> Result<Federation> {
    let node = Node::start(&out.join("node.log"), &[]).await?;
    println!("node: mining at {}", node.url());
    let cli = Cli::new(node.url())?;
    let number = open(task, &cli, out).await?;
    train(&cli, &number, parts, out).await?;

    let mut models = Vec::new();
    let rounds = task.spec()?.rounds_max;
    for round in 0..=rounds {
        let model = cli
            .json(&["model", "get", &number, "--round", &round.to_string()])
            .await?;
        models.push(serde_json::from_value(model["values"].clone()).context("no weights")?);
    }
    let last = node
        .rpc("federation_round", json!([number.parse::<u32>()?, rounds]))
        .await?;
    let closed_at = last["record"]["closed_at"].to_string();
    Ok(Federation {
        models,
        block: text(&cli, &["block", &closed_at]).await?,
        verdict: text(&cli, &["verify", &number]).await?,
    })
}

/// Creates the federation and brings the clients in; returns its number.
async fn open(task: Task, cli: &Cli, out: &Path) -> Result<String> {
    let file = out.join("federation.toml");
    fs::write(&file, task.toml())?;
    let file = file.display().to_string();
    let created = cli
        .json(&["federation", "create", "--spec", &file, "--key", OWNER])
        .await?;
    let number = created["federation"].to_string();
    println!("federation {number}: created by {OWNER}");
    for client in CLIENTS {
        cli.json(&["federation", "invite", &number, client, "--key", OWNER])
            .await?;
        cli.json(&["join", &number, "--key", client, "--yes"])
            .await?;
        println!("federation {number}: {client} joined");
    }
    Ok(number)
}

/// Starts one trainer per client and waits until all have seen the last round.
async fn train(cli: &Cli, number: &str, parts: &Parts, out: &Path) -> Result<()> {
    let mut trainers = Vec::new();
    for (client, data) in CLIENTS.into_iter().zip(&parts.clients) {
        let name = client.trim_start_matches('/');
        let state = out.join(format!("state-{name}"));
        let (data, state) = (data.display().to_string(), state.display().to_string());
        let mut command = cli.command(&[
            "train",
            number,
            "--key",
            client,
            "--data",
            &data,
            "--state-dir",
            &state,
        ]);
        let mut trainer = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = trainer.stdout.take().context("no output")?;
        let stderr = trainer.stderr.take().context("no output")?;
        let logs = [
            tokio::spawn(echo(name, stdout)),
            tokio::spawn(echo(name, stderr)),
        ];
        trainers.push((client, trainer, logs));
    }
    for (client, trainer, logs) in &mut trainers {
        finish(trainer)
            .await
            .with_context(|| format!("the trainer of {client}"))?;
        for log in logs {
            log.await?;
        }
    }
    Ok(())
}

async fn finish(trainer: &mut Child) -> Result<()> {
    let status = trainer.wait().await?;
    ensure!(status.success(), "ended with {status}");
    Ok(())
}

/// Prints a process's lines behind its name.
async fn echo(name: &'static str, output: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        println!("{name:>8} | {line}");
    }
}

/// What a command prints for people.
async fn text(cli: &Cli, args: &[&str]) -> Result<String> {
    let output = cli.run(args).await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "fedchain {} failed: {said}",
        args.join(" ")
    );
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}
