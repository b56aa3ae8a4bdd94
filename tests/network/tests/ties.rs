//! Two chains of the same weight: whoever has seen one first stays with it until a block decides.

use std::time::Duration;

use anyhow::{Result, ensure};
use fedchain_network::{Head, Network};
use tokio::time::sleep;

/// Long enough for a node to have weighed what it was told.
const WEIGHED: Duration = Duration::from_secs(3);

/// Two nodes with a block of their own each, on the same parent, that know of both.
async fn tie() -> Result<(Network, [Head; 2])> {
    let network = Network::start(2).await?;
    network.mine(0, 3).await?;
    network.agree(&[0, 1], 3).await?;
    network.partition(&[0], &[1]).await?;
    for place in [0, 1] {
        network.mine(place, 1).await?;
    }
    let heads = heads(&network).await?;
    ensure!(heads[0] != heads[1], "both made the same block");
    network.heal().await?;
    sleep(WEIGHED).await;
    Ok((network, heads))
}

async fn heads(network: &Network) -> Result<[Head; 2]> {
    Ok([network.best(0).await?, network.best(1).await?])
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn each_side_stays_with_the_block_that_it_saw_first() -> Result<()> {
    let (network, first) = tie().await?;
    let now = heads(&network).await?;
    ensure!(now == first, "{now:?} instead of {first:?}");
    Ok(())
}

#[tokio::test]
async fn the_next_block_decides() -> Result<()> {
    for place in [0, 1] {
        let (network, first) = tie().await?;
        network.mine(place, 1).await?;
        let head = network.agree(&[0, 1], 5).await?;
        let parent = network.hash(1 - place, head.number - 1).await?;
        ensure!(parent == first[place].hash, "{head:?} is not on {first:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_restart_does_not_change_sides() -> Result<()> {
    let (mut network, first) = tie().await?;
    for place in [0, 1] {
        network.node_mut(place).restart().await?;
        network.heal().await?;
        sleep(WEIGHED).await;
        let now = heads(&network).await?;
        ensure!(now == first, "{now:?} instead of {first:?}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn blocks_found_at_the_same_moment_keep_nobody_apart() -> Result<()> {
    let network = Network::start(2).await?;
    network.mine(0, 3).await?;
    let mut height = network.agree(&[0, 1], 3).await?.number;
    for _ in 0..4 {
        let (left, right) = (
            network.seal(0, height + 1).await?,
            network.seal(1, height + 1).await?,
        );
        // Whoever is second may be told that its work is stale: then there is no tie.
        let _ = tokio::join!(network.hand_in(0, &left), network.hand_in(1, &right));
        network.wait_for_height(0, height + 1).await?;
        network.mine(0, 1).await?;
        height = network.agree(&[0, 1], height + 2).await?.number;
    }
    Ok(())
}
