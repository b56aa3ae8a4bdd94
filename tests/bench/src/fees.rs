//! What taking part costs in fees on a chain that is not full: a federation of two clients on the diabetes
//! data, one round, no reward.

use std::fs;

use anyhow::{Context, Result};
use fedchain_bench::table::row;
use fedchain_runtime::currency::MILLI_UNIT;
use fedchain_test_support::{CLIENTS, Cli, FIXED_SPLIT, Node, OWNER, Task, Trainer};
use futures::future::try_join_all;

/// Pays the fees of each step, and prints them.
pub fn run() -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure())
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // The fees are to go to somebody who takes no part.
    let author = ["--author", "//Ferdie"];
    let node = Node::start(&folder.path().join("node.log"), &author).await?;
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, CLIENTS.len())?;
    let spec = folder.path().join("federation.toml");
    let toml = (Task::Diabetes.toml())
        .replace("rounds_max = 6", "rounds_max = 1")
        .replace("reward = \"0.5 UNIT\"", "reward = \"0 UNIT\"");
    fs::write(&spec, toml)?;
    let spec = spec.display().to_string();

    let before = cli.owned(OWNER).await?;
    let create = ["federation", "create", "--spec", &spec, "--key", OWNER];
    let federation = cli.json(&create).await?["federation"].clone();
    let number = federation.to_string();
    let created = cli.owned(OWNER).await?;
    show("create", before - created);
    for client in CLIENTS {
        let invite = ["federation", "invite", &number, client, "--key", OWNER];
        cli.json(&invite).await?;
    }
    let invited = cli.owned(OWNER).await?;
    show("invite", (created - invited) / 2);

    let client = CLIENTS[0];
    let before = cli.owned(client).await?;
    for client in CLIENTS {
        cli.json(&["join", &number, "--key", client, "--yes"])
            .await?;
    }
    let joined = cli.owned(client).await?;
    show("join", before - joined);
    let federation = federation.as_u64().context("no number")? as u32;
    let trainers = Trainer::start_all(&cli, federation, &parts.clients, folder.path(), &[])?;
    try_join_all(trainers.into_iter().map(Trainer::finish)).await?;
    show("round", joined - cli.owned(client).await?);

    let before = cli.owned(OWNER).await?;
    cli.json(&["federation", "remove", &number, "--key", OWNER])
        .await?;
    show("remove", before - cli.owned(OWNER).await?);
    Ok(())
}

fn show(what: &str, fee: i128) {
    let fee = fee as f64 / MILLI_UNIT as f64;
    row(&format!("fees_{what}"), fee, "UNIT/1000");
}
