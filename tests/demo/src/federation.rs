//! The federation: node, owner and trainers as processes of their own.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{CLIENTS, Cli, Node, Parts, Task, open};
use futures::future::try_join_all;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// What the chain holds in the end.
pub struct Record {
    /// The server model after each round, the initial one first.
    pub models: Vec<Vec<i32>>,
    /// How long each round took, by the timestamps of its blocks, in seconds.
    pub durations: Vec<f64>,
    /// The record of the block that closed the last round.
    pub block: String,
    /// What the verifier found.
    pub verdict: String,
}

/// Creates the federation, trains to its last round, and reads everything back from the chain.
pub async fn run(task: Task, parts: &Parts, out: &Path) -> Result<Record> {
    let mut node = Node::start(&out.join("node.log"), &[]).await?;
    println!("node: mining, {}", node.url());
    let cli = Cli::new(node.url())?;
    // Trainers wait for a node that is gone; the demonstration does not.
    let federation = tokio::select! {
        federation = open_and_train(task, &cli, parts, out) => federation?,
        error = node.end() => return Err(error),
    };
    read_back(task, &node, &cli, federation).await
}

/// Creates the federation and runs its trainers to its end; returns its number.
async fn open_and_train(task: Task, cli: &Cli, parts: &Parts, out: &Path) -> Result<u32> {
    let spec = out.join("federation.toml");
    fs::write(&spec, task.toml())?;
    let federation = open(cli, &spec).await?;
    println!("federation {federation}: {} joined", CLIENTS.join(" and "));
    let trainers = CLIENTS
        .into_iter()
        .zip(&parts.clients)
        .map(|(client, data)| train(cli, federation, client, data, out, &[]));
    try_join_all(trainers).await?;
    Ok(federation)
}

/// Runs a client's trainer to the federation's end; prints its log behind its name.
pub async fn train(
    cli: &Cli,
    federation: u32,
    client: &str,
    data: &Path,
    out: &Path,
    more: &[&str],
) -> Result<()> {
    let name = client.trim_start_matches('/');
    let state = out.join(format!("state-{name}")).display().to_string();
    let (federation, data) = (federation.to_string(), data.display().to_string());
    let mut trainer = cli
        .command(&[
            "train",
            &federation,
            "--key",
            client,
            "--data",
            &data,
            "--state-dir",
            &state,
        ])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = trainer.stdout.take().context("no output")?;
    let stderr = trainer.stderr.take().context("no output")?;
    tokio::join!(echo(name, stdout), echo(name, stderr));
    let status = trainer.wait().await?;
    ensure!(
        status.success(),
        "the trainer of {client} ended with {status}"
    );
    Ok(())
}

/// Prints a process's lines behind its name.
async fn echo(name: &str, output: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        println!("{name:>8} | {line}");
    }
}

async fn read_back(task: Task, node: &Node, cli: &Cli, federation: u32) -> Result<Record> {
    let number = federation.to_string();
    let time = async |block: u64| -> Result<f64> {
        let record = node.rpc("federation_block", json!([block])).await?;
        Ok(record["timestamp"].as_f64().context("no timestamp")? / 1_000.0)
    };
    let (mut models, mut durations, mut last_block) = (Vec::new(), Vec::new(), 0);
    for round in 0..=task.spec()?.rounds_max {
        let model = cli
            .json(&["model", "get", &number, "--round", &round.to_string()])
            .await?;
        models.push(serde_json::from_value(model["values"].clone()).context("no weights")?);
        if round > 0 {
            let view = node
                .rpc("federation_round", json!([federation, round]))
                .await?;
            let block = |name: &str| view["record"][name].as_u64().context("the round is open");
            last_block = block("closed_at")?;
            durations.push(time(last_block).await? - time(block("opened_at")?).await?);
        }
    }
    Ok(Record {
        models,
        durations,
        block: text(cli, &["block", &last_block.to_string()]).await?,
        verdict: text(cli, &["verify", &number]).await?,
    })
}

/// What a command prints for people.
pub async fn text(cli: &Cli, args: &[&str]) -> Result<String> {
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
