//! A federation of three trainers, each at a node of its own, finishes whatever happens to the network.

use std::time::Duration;

use anyhow::Result;
use fedchain_network::{FINALITY_DEPTH, Federation, Network};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Pause between two blocks.
const PACE: Duration = Duration::from_millis(400);

/// Where the event strikes: a round and a phase, by a seed that is printed.
fn moment() -> (u64, &'static str, StdRng) {
    let seed =
        std::env::var("SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap_or(0));
    println!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let phase = ["commit", "settle", "reveal"][random.random_range(0..3)];
    (random.random_range(1..=2), phase, random)
}

/// A partition of some depth in the midst of a federation.
async fn partition(depth: u32) -> Result<()> {
    let network = Network::start(3).await?;
    let miner = network.keep_mining(0, PACE);
    let federation = Federation::start(&network).await?;
    let (round, phase, mut random) = moment();
    federation.reach(&network, round, phase).await?;
    drop(miner);
    let alone = random.random_range(0..3);
    let others: Vec<usize> = (0..3).filter(|place| *place != alone).collect();
    network.partition(&[alone], &others).await?;
    network.mine(alone, depth).await?;
    network.mine(others[0], depth + 1).await?;
    network.heal().await?;
    network.agree(&[0, 1, 2], 0).await?;
    let _miner = network.keep_mining(0, PACE);
    federation.finish(&network).await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn through_a_partition_of_one_block() -> Result<()> {
    partition(1).await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn through_a_partition_of_three_blocks() -> Result<()> {
    partition(3).await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn through_a_partition_almost_as_deep_as_finality() -> Result<()> {
    partition(FINALITY_DEPTH - 1).await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn through_the_crash_of_a_node() -> Result<()> {
    let mut network = Network::start(3).await?;
    let miner = network.keep_mining(0, PACE);
    let federation = Federation::start(&network).await?;
    let (round, phase, mut random) = moment();
    federation.reach(&network, round, phase).await?;
    let struck = random.random_range(0..3);
    network.node_mut(struck).kill().await?;
    network.node_mut(struck).resume(&[]).await?;
    network.heal().await?;
    federation.finish(&network).await?;
    drop(miner);
    Ok(())
}

/// A hostile peer of all three nodes.
async fn beside(attack: &str) -> Result<()> {
    let mut network = Network::start(3).await?;
    network.add_hostile(attack).await?;
    network.heal().await?;
    let _miners = [0, 1].map(|place| network.keep_mining(place, 2 * PACE));
    let federation = Federation::start(&network).await?;
    federation.finish(&network).await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn beside_a_peer_with_bad_seals() -> Result<()> {
    beside("bad_seal").await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn beside_a_peer_with_a_fast_clock() -> Result<()> {
    beside("clock:20").await
}

#[tokio::test]
#[ignore = "takes a minute each"]
async fn beside_a_peer_with_a_slow_clock() -> Result<()> {
    beside("clock:-20").await
}
