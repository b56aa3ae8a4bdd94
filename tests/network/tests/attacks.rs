//! Peers that announce blocks which no honest node makes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fedchain_network::Network;

/// Two honest nodes keep up their chain beside a hostile peer, whose blocks never come in.
async fn withstand(attack: &str) -> Result<Network> {
    let mut network = Network::start(2).await?;
    network.mine(0, 3).await?;
    let hostile = network.add_hostile(attack).await?;
    network.heal().await?;
    let miners = [0, 1].map(|place| network.keep_mining(place, Duration::from_millis(400)));
    network
        .wait_for("attack", async || {
            let announced = network.node(hostile).log().matches("announced #").count();
            Ok(announced >= 5 && network.best(0).await?.number >= 15)
        })
        .await?;
    for miner in miners {
        miner.stop().await?;
    }
    network.decide(&[0, 1]).await?;
    network
        .ensure_honest(0)
        .await
        .with_context(|| attack.to_owned())?;
    // The honest ones still talk to each other.
    network.decide(&[0, 1]).await?;
    Ok(network)
}

#[tokio::test]
async fn bad_seals_are_refused() -> Result<()> {
    withstand("bad_seal").await.map(drop)
}

#[tokio::test]
async fn wrong_difficulties_are_refused() -> Result<()> {
    withstand("wrong_difficulty").await.map(drop)
}

#[tokio::test]
async fn longer_seals_are_refused() -> Result<()> {
    withstand("trailing_byte").await.map(drop)
}

#[tokio::test]
async fn two_authors_are_refused() -> Result<()> {
    withstand("two_authors").await.map(drop)
}

#[tokio::test]
async fn children_of_invalid_blocks_are_refused() -> Result<()> {
    withstand("invalid_parent").await.map(drop)
}

#[tokio::test]
async fn blocks_from_the_far_future_are_refused() -> Result<()> {
    withstand("clock:100").await.map(drop)
}

#[tokio::test]
async fn blocks_of_a_fast_clock_wait_until_they_are_due() -> Result<()> {
    let network = withstand("clock:20").await?;
    let held = network.metric(0, "fedchain_blocks_held_total").await?;
    ensure!(held > 0.0, "nothing was held");
    // Nobody was punished for them.
    ensure!(network.peers(0).await? == 2, "the peer was dropped");
    Ok(())
}
