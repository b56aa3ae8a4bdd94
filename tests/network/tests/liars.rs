//! Peers that claim a chain which they do not hand out.

use std::time::Duration;

use anyhow::{Result, ensure};
use fedchain_network::Network;

/// Blocks by which the honest chain must grow meanwhile.
const GROWTH: u32 = 20;

/// Two honest nodes mine on beside a liar, stay each other's peers and take none of its blocks.
async fn withstand(mut network: Network, lie: &str) -> Result<()> {
    // Given two honest nodes with some blocks.
    network.mine(0, 10).await?;
    let start = network.agree(&[0, 1], 10).await?.number;

    // When a liar becomes their peer.
    let liar = network.add_hostile(lie).await?;
    network.heal().await?;
    let miners = [0, 1].map(|place| network.keep_mining(place, Duration::from_millis(400)));
    network
        .wait_for("lie", async || {
            Ok(network.node(liar).log().contains("announced #"))
        })
        .await?;

    // Then both mine on and hear each other.
    for place in [0, 1] {
        network.wait_for_height(place, start + GROWTH).await?;
        ensure!(
            !network.is_syncing(place).await?,
            "node {place} says that it is behind"
        );
    }
    ensure!(
        network.is_peer(0, 1).await?,
        "the honest ones lost each other"
    );
    for miner in miners {
        miner.stop().await?;
    }
    network.decide(&[0, 1]).await?;
    network.ensure_honest(0).await
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn a_height_without_blocks_is_not_believed() -> Result<()> {
    withstand(Network::start(2).await?, "liar:5000:nothing").await
}

#[tokio::test]
async fn cheap_headers_without_end_are_not_followed() -> Result<()> {
    withstand(Network::start_wide(2).await?, "liar:5000:endless").await
}

#[tokio::test]
async fn headers_whose_bodies_do_not_come_are_not_waited_for() -> Result<()> {
    withstand(Network::start(2).await?, "liar:4:headers").await
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn headers_with_other_bodies_are_not_waited_for() -> Result<()> {
    withstand(Network::start(2).await?, "liar:4:bodies").await
}
