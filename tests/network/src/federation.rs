//! A federation whose three trainers each have a node of their own.

use std::fs;

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{FIXED_SPLIT, Task, Trainer, open_for};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::Network;

const CLIENTS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
const ROUNDS: u32 = 3;

/// A federation in progress.
pub struct Federation {
    number: u32,
    trainers: Vec<Trainer>,
}

impl Federation {
    /// Opens a federation of three rounds at node 0 and starts a trainer at each of the nodes 0, 1 and
    /// 2. Somebody must be mining.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn start(network: &Network) -> Result<Self> {
        let parts = Task::Diabetes.split(&network.path("data"), FIXED_SPLIT, CLIENTS.len())?;
        let spec = network.path("federation.toml");
        let text = Task::Diabetes
            .toml()
            .replace("clients_min = 2", "clients_min = 3")
            .replace("rounds_max = 6", &format!("rounds_max = {ROUNDS}"))
            .replace("settle_blocks = 1", "settle_blocks = 5");
        fs::write(&spec, text)?;
        let cli = network.cli(0)?.with(&["--wait", "finalised"]);
        let number = open_for(&cli, &spec, &CLIENTS).await?;
        network
            .wait_for("federation on every node", async || {
                for place in 0..CLIENTS.len() {
                    if state(network, place, number).await?.is_null() {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
            .await?;
        let mut trainers: Vec<Trainer> = (0..)
            .zip(CLIENTS)
            .zip(&parts.clients)
            .map(|((place, key), data)| {
                let kept = network.path(&format!("state-{place}"));
                Trainer::start(&network.cli(place)?, number, key, data, &kept, &[])
            })
            .collect::<Result<_>>()?;
        // One whose node dies before it has begun says so and ends.
        for trainer in &mut trainers {
            trainer.wait_for("start").await?;
        }
        Ok(Self { number, trainers })
    }

    /// Waits until the federation is so many blocks into a round, as node 0 sees it.
    ///
    /// # Errors
    /// When it does not come there.
    pub async fn reach(&self, network: &Network, round: u64, block: u32) -> Result<()> {
        let mut since = None;
        network
            .wait_for(&format!("block {block} of round {round}"), async || {
                let is_open = state(network, 0, self.number).await?["round"] == round;
                let height = network.best(0).await?.number;
                if is_open && since.is_none() {
                    since = Some(height);
                }
                Ok(since.is_some_and(|since| height >= since + block))
            })
            .await
    }

    /// Waits until all trainers are done: every round has all three updates, and no bond was burned.
    ///
    /// # Errors
    /// When one of them fails, a round lacks an update or a bond was burned.
    pub async fn finish(self, network: &Network) -> Result<()> {
        for summary in try_join_all(self.trainers.into_iter().map(Trainer::finish)).await? {
            ensure!(summary["end"] == "finished", "{summary}");
        }
        for place in 0..CLIENTS.len() {
            network
                .wait_for("end of the federation on every node", async || {
                    let view = state(network, place, self.number).await?;
                    Ok(view["phase"]["name"] == "finished")
                })
                .await?;
            for round in 1..=ROUNDS {
                let view = network
                    .node(place)
                    .rpc("federation_round", json!([self.number, round]))
                    .await?;
                ensure!(view["record"]["accepted"] == 3, "round {round}: {view}");
            }
            let withheld = network
                .metric(place, "fedchain_updates_total{result=\"withheld\"")
                .await?;
            ensure!(withheld == 0.0, "{withheld} bonds were burned");
        }
        Ok(())
    }
}

async fn state(network: &Network, place: usize, federation: u32) -> Result<Value> {
    network
        .node(place)
        .rpc("federation_get", json!([federation]))
        .await
        .context("federation_get")
}
