//! Forks: which chain wins, what comes back, and what is refused.

use std::{fs, time::Duration};

use anyhow::{Result, ensure};
use fedchain_network::{FINALITY_DEPTH, Network};
use fedchain_test_support::{OWNER, Task};
use serde_json::json;
use tokio::time::sleep;

/// Two sides mine apart and meet again; the longer one wins.
async fn fork(depth: u32) -> Result<()> {
    let network = Network::start(3).await?;
    network.mine(0, 3).await?;
    network.agree(&[0, 1, 2], 3).await?;
    network.partition(&[0], &[1, 2]).await?;
    network.mine(0, depth).await?;
    network.mine(1, depth + 1).await?;
    let winner = network.agree(&[1, 2], depth + 4).await?;
    network.heal().await?;
    let head = network.agree(&[0, 1, 2], depth + 4).await?;
    ensure!(head == winner, "{head:?} instead of {winner:?}");
    let taken_back = network.metric(0, "fedchain_reorg_depth_sum").await?;
    ensure!(taken_back >= f64::from(depth), "{taken_back} of {depth}");
    ensure!(network.metric(1, "fedchain_reorg_depth_sum").await? == 0.0);
    Ok(())
}

#[tokio::test]
async fn one_block_is_taken_back() -> Result<()> {
    fork(1).await
}

#[tokio::test]
async fn three_blocks_are_taken_back() -> Result<()> {
    fork(3).await
}

#[tokio::test]
async fn all_but_finalised_blocks_are_taken_back() -> Result<()> {
    fork(FINALITY_DEPTH - 1).await
}

#[tokio::test]
async fn what_a_lost_block_held_comes_back() -> Result<()> {
    let network = Network::start(2).await?;
    network.mine(0, 3).await?;
    network.agree(&[0, 1], 3).await?;
    network.partition(&[0], &[1]).await?;
    let spec = network.path("federation.toml");
    fs::write(&spec, Task::Diabetes.toml())?;
    let spec = spec.display().to_string();
    let cli = network.cli(0)?;
    let create = ["federation", "create", "--spec", &spec, "--key", OWNER];
    let pending = json!([]);
    let federations = async |place| network.node(place).rpc("federation_list", json!([])).await;
    tokio::try_join!(cli.json(&create), async {
        network
            .wait_for("transaction", async || {
                let pool = network
                    .node(0)
                    .rpc("author_pendingExtrinsics", pending.clone());
                Ok(pool.await?.as_array().is_some_and(|pool| !pool.is_empty()))
            })
            .await?;
        // The first seals may be those of templates without it.
        network
            .wait_for("transaction in a block", async || {
                network.mine(0, 1).await?;
                Ok(federations(0).await? != json!([]))
            })
            .await
    })?;
    let lost = network.best(0).await?.number;
    network.mine(1, lost).await?;
    network.heal().await?;
    network.agree(&[0, 1], lost + 3).await?;
    ensure!(federations(0).await? == json!([]), "its block did not lose");
    // Nobody sends it again but the node.
    network
        .wait_for("return of the transaction", async || {
            network.mine(0, 1).await?;
            Ok(federations(1).await? != json!([]))
        })
        .await
}

#[tokio::test]
async fn a_late_joiner_catches_up() -> Result<()> {
    let mut network = Network::start(2).await?;
    network.mine(0, 40).await?;
    network.agree(&[0, 1], 40).await?;
    let late = network.add(&[]).await?;
    network.heal().await?;
    network.mine(1, 2).await?;
    network.agree(&[0, 1, late], 42).await?;
    Ok(())
}

#[tokio::test]
async fn a_fork_beyond_finality_raises_the_alarm_and_is_recovered_from() -> Result<()> {
    let mut network = Network::start(3).await?;
    network.mine(0, 3).await?;
    network.agree(&[0, 1, 2], 3).await?;
    network.partition(&[0], &[1, 2]).await?;
    network.mine(0, FINALITY_DEPTH + 1).await?;
    network.mine(1, FINALITY_DEPTH + 2).await?;
    for place in [0, 1, 2] {
        network.wait_for_finality(place, 4).await?;
    }
    network.heal().await?;
    network.mine(1, 2).await?;
    network.wait_for_alarm(0).await?;
    // Both sides go on.
    network.mine(0, 1).await?;
    network.mine(1, 1).await?;
    ensure!(network.best(0).await?.hash != network.best(1).await?.hash);

    // docs/operating.md: the lighter side deletes its database and syncs anew.
    network.purge(0).await?;
    network.heal().await?;
    network.mine(1, 1).await?;
    network.agree(&[0, 1, 2], FINALITY_DEPTH + 6).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_node_has_witnessed_it_does_not_leave_however_heavy_the_fork() -> Result<()> {
    let network = Network::start(2).await?;
    network.mine(0, FINALITY_DEPTH + 2).await?;
    network.agree(&[0, 1], FINALITY_DEPTH + 2).await?;
    // A node that finalises less than a thousand blocks below has kept up: what follows it watches.
    for place in [0, 1] {
        network.wait_for_finality(place, 2).await?;
    }
    network.mine(0, 2).await?;
    let fork = network.agree(&[0, 1], FINALITY_DEPTH + 4).await?;

    network.partition(&[0], &[1]).await?;
    network.mine(0, FINALITY_DEPTH + 1).await?;
    network.mine(1, 5 * (FINALITY_DEPTH + 1)).await?;
    for place in [0, 1] {
        network.wait_for_finality(place, fork.number + 1).await?;
    }
    let (lighter, heavier) = (network.best(0).await?, network.best(1).await?);
    network.heal().await?;

    network.wait_for_alarm(0).await?;
    network.mine(1, 1).await?;
    sleep(Duration::from_secs(3)).await;
    ensure!(network.best(0).await? == lighter, "it left its history");
    ensure!(network.has(1, &heavier.hash).await?);
    ensure!(!network.node(0).log().contains("starts over"));
    Ok(())
}

#[tokio::test]
async fn state_behind_finality_is_pruned() -> Result<()> {
    let mut network = Network::start(1).await?;
    let place = network.add(&["--state-pruning", "10"]).await?;
    network.heal().await?;
    let miner = network.keep_mining(place, Duration::from_millis(150));
    network.wait_for_finality(place, 31).await?;
    miner.stop().await?;
    let at = async |number: u32| -> Result<bool> {
        let node = network.node(place);
        let hash = node.rpc("chain_getBlockHash", json!([number])).await?;
        let pairs = node.rpc("state_getRuntimeVersion", json!([hash])).await;
        Ok(pairs.is_ok())
    };
    ensure!(at(network.finalised(place).await?.number).await?);
    ensure!(!at(5).await?, "the state of block 5 is still there");
    Ok(())
}
