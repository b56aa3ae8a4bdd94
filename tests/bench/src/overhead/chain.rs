//! The run on a chain: a mining development node and a trainer per client.

use anyhow::{Context, Result};
use fedchain_test_support::{Cli, Node, Trainer, open_for};
use futures::future::try_join_all;

use super::{
    Cost, follow,
    task::{CLIENTS, ROUNDS, Task},
    wire::Wire,
};

/// Runs the federation; the first client's connection is measured.
pub async fn run(task: &Task) -> Result<Cost> {
    let folder = task.folder.path();
    let node = Node::start(&folder.join("node.log"), &[]).await?;
    let wire = Wire::to(node.rpc_address().to_string()).await?;
    let direct = Cli::new(node.url())?;
    let measured = Cli::new(format!("ws://{}", wire.address()))?;
    let federation = open_for(&direct, &task.spec, &CLIENTS).await?;
    let epochs = task.epochs.to_string();
    let mut trainers = Vec::new();
    for (place, (client, data)) in CLIENTS.iter().zip(&task.data).enumerate() {
        let cli = if place == 0 { &measured } else { &direct };
        let state = folder.join(format!("state-{place}-{epochs}"));
        let options = ["--epochs", &epochs];
        let trainer = Trainer::start(cli, federation, client, data, &state, &options)?;
        trainers.push(follow(trainer, ROUNDS));
    }
    let ends = try_join_all(trainers).await?;
    let (round, model_root) = ends.into_iter().next().context("there are clients")?;
    Ok(Cost {
        round,
        bytes: wire.bytes() as f64 / f64::from(ROUNDS),
        model_root,
    })
}
