//! Nodes that lose their peer in the middle of a request, and are in sync again soon after its return.

use std::time::Duration;

use anyhow::{Result, ensure};
use fedchain_network::Network;
use tokio::time::{Instant, sleep};

/// How long a node may take, from its peer's return on, where that is measured.
const RESYNC_MAX: Duration = Duration::from_secs(20);
/// Blocks of the peer's chain.
const BLOCKS: u32 = 2_000;
/// How long a paused peer is silent: requests to it run into their time limit.
const SILENCE: Duration = Duration::from_secs(8);

/// A node with a long chain, and one that has begun to fetch it.
async fn amid_sync() -> Result<(Network, usize, usize)> {
    let mut network = Network::start(0).await?;
    let chain = network.write(&format!("dear:{BLOCKS}")).await?;
    let server = network.add_at(&chain).await?;
    let late = network.add(&[]).await?;
    network.heal().await?;
    network.wait_for_height(late, BLOCKS / 10).await?;
    Ok((network, server, late))
}

async fn ensure_amid(network: &Network, late: usize) -> Result<()> {
    let height = network.best(late).await?.number;
    ensure!(
        height < BLOCKS,
        "the sync was over before the peer was gone"
    );
    Ok(())
}

#[tokio::test]
async fn after_its_peer_was_killed() -> Result<()> {
    let (mut network, server, late) = amid_sync().await?;
    network.node_mut(server).kill().await?;
    ensure_amid(&network, late).await?;
    network.node_mut(server).resume(&[]).await?;
    network.heal().await?;
    network.agree(&[server, late], BLOCKS).await?;
    Ok(())
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn after_its_peer_was_silent() -> Result<()> {
    let (network, server, late) = amid_sync().await?;
    network.node(server).pause()?;
    sleep(SILENCE).await;
    ensure_amid(&network, late).await?;
    network.node(server).unpause()?;
    network.agree(&[server, late], BLOCKS).await?;
    Ok(())
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn after_its_peer_was_killed_again_and_again() -> Result<()> {
    let (mut network, server, late) = amid_sync().await?;
    for _ in 0..3 {
        network.node_mut(server).kill().await?;
        network.node_mut(server).resume(&[]).await?;
        network.heal().await?;
        sleep(Duration::from_millis(100)).await;
    }
    network.agree(&[server, late], BLOCKS).await?;
    Ok(())
}

#[tokio::test]
#[ignore = "kills and pauses a node twenty times, and measures how soon it is back: takes minutes"]
async fn within_twenty_seconds() -> Result<()> {
    let mut network = Network::start(2).await?;
    for round in 0..20 {
        let miners = [0, 1].map(|place| network.keep_mining(place, Duration::from_millis(50)));
        sleep(Duration::from_secs(2)).await;
        if round % 2 == 0 {
            network.node_mut(0).kill().await?;
            network.node_mut(0).resume(&[]).await?;
            network.heal().await?;
        } else {
            network.node(0).pause()?;
            sleep(SILENCE).await;
            network.node(0).unpause()?;
        }
        let back = Instant::now();
        for miner in miners {
            miner.stop().await?;
        }
        network.decide(&[1, 0]).await?;
        let took = back.elapsed();
        ensure!(took <= RESYNC_MAX, "round {round} took {took:?}");
    }
    Ok(())
}
