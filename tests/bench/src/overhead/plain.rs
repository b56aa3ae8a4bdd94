//! The run without a chain: `fedchain serve`, and a trainer per client.

use anyhow::{Context, Result};
use fedchain_test_support::{Cli, Trainer};
use futures::future::try_join_all;

use super::{
    Cost, follow,
    task::{CLIENTS, ROUNDS, Task},
    wire::Wire,
};

/// Runs the federation; the first client's connection is measured.
pub async fn run(task: &Task) -> Result<Cost> {
    let cli = Cli::new("ws://127.0.0.1:1")?;
    let spec = task.spec.display().to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--round-timeout", "600"];
    let mut args = [&serve[..], &["--spec", &spec]].concat();
    for client in CLIENTS {
        args.extend(["--client", client]);
    }
    let mut server = Trainer::run(&cli, &args)?;
    let listening = server.wait_for("listening").await?;
    let url = listening["url"].as_str().context("no address")?;
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let wire = Wire::to(address.to_owned()).await?;
    let measured = format!("http://{}", wire.address());
    let epochs = task.epochs.to_string();
    let mut trainers = Vec::new();
    for (place, (client, data)) in CLIENTS.iter().zip(&task.data).enumerate() {
        let server = if place == 0 { &measured } else { url };
        let data = data.display().to_string();
        let train = ["train", "--server", server, "--key", client];
        let options = ["--data", &data, "--epochs", &epochs];
        let trainer = Trainer::run(&cli, &[&train[..], &options].concat())?;
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
