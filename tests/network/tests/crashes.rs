//! Nodes that die at the worst moment, and what their database is worth then.

use std::time::Duration;

use anyhow::Result;
use fedchain_network::{Network, SmallDisk};

#[tokio::test]
async fn a_node_killed_while_importing_goes_on_where_it_was() -> Result<()> {
    let mut network = Network::start(1).await?;
    network.mine(0, 120).await?;
    let late = network.add(&[]).await?;
    network.heal().await?;
    for height in [10, 50, 90] {
        network
            .wait_for("sync", async || {
                Ok(network.best(late).await?.number >= height)
            })
            .await?;
        network.node_mut(late).kill().await?;
        network.node_mut(late).resume(&[]).await?;
        network.heal().await?;
    }
    network.mine(0, 1).await?;
    network.agree(&[0, late], 121).await?;
    Ok(())
}

#[tokio::test]
async fn a_node_killed_while_mining_loses_at_most_what_it_had_not_told() -> Result<()> {
    let mut network = Network::start(2).await?;
    for _ in 0..3 {
        let miner = network.keep_mining(0, Duration::from_millis(20));
        let start = network.best(1).await?.number;
        network
            .wait_for("blocks", async || {
                Ok(network.best(1).await?.number > start + 5)
            })
            .await?;
        network.node_mut(0).kill().await?;
        miner.stop().await?;
        let told = network.best(1).await?;
        network.node_mut(0).resume(&[]).await?;
        network.heal().await?;
        // Before anyone mines on: an equal block that was never announced stays unknown to others.
        let head = network.agree(&[0, 1], told.number).await?;
        network.mine(1, 1).await?;
        network.agree(&[0, 1], head.number + 1).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "mounts a small disk: needs root"]
async fn a_node_whose_disk_is_full_ends_and_goes_on_with_room() -> Result<()> {
    let mut network = Network::start(1).await?;
    let disk = SmallDisk::mount(network.path("disk"), 160)?;
    let small = network.add_at(disk.path()).await?;
    network.heal().await?;
    network.mine(0, 5).await?;
    network.agree(&[0, small], 5).await?;
    disk.fill()?;
    let miner = network.keep_mining(0, Duration::from_millis(20));
    let end = tokio::time::timeout(Duration::from_secs(120), network.node_mut(small).end()).await;
    miner.stop().await?;
    println!("{}", end?);
    disk.free()?;
    network.node_mut(small).resume(&[]).await?;
    network.heal().await?;
    network.mine(0, 1).await?;
    let height = network.best(0).await?.number;
    network.agree(&[0, small], height).await?;
    Ok(())
}
