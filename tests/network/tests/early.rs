//! Blocks ahead of their time, of several peers whose clocks are fast.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fedchain_network::Network;

/// How far ahead of the clock the attackers stamp their blocks, in seconds; all within the minute for
/// which an early block is held.
const AHEAD_S: [u32; 5] = [20, 30, 40, 50, 60];
/// Early blocks that are held of one peer, at most.
const HELD_BY_PEER_MAX: u64 = 4;
/// For how long the first of them is held: it may be two block times ahead.
const HELD_S: u64 = 18;

#[tokio::test]
#[ignore = "waits for the early blocks of seven nodes: takes a minute"]
async fn early_blocks_are_counted_once_and_held_within_bounds() -> Result<()> {
    // Given two honest nodes and five attackers, all connected.
    let mut network = Network::start(2).await?;
    network.mine(0, 3).await?;
    network.agree(&[0, 1], 3).await?;
    let mut attackers = vec![];
    for seconds in AHEAD_S {
        let attack = format!("clock:{seconds}");
        attackers.push(network.add_hostile(&attack).await?);
    }
    let start = Instant::now();
    network.heal().await?;

    // When each has announced ten blocks and more beside an honest miner.
    let announced = |place: usize| network.node(place).log().matches("announced #").count() as u64;
    let miner = network.keep_mining(0, Duration::from_millis(500));
    for place in &attackers {
        network
            .wait_for("early blocks", async || Ok(announced(*place) >= 10))
            .await?;
    }
    miner.stop().await?;

    // Then some were held, none twice, and of each peer only a few at a time.
    let terms = 1 + start.elapsed().as_secs() / HELD_S;
    let made: u64 = attackers.iter().map(|place| announced(*place)).sum();
    let bound = made.min(terms * HELD_BY_PEER_MAX * attackers.len() as u64);
    for place in [0, 1] {
        let held = network.metric(place, "fedchain_blocks_held_total").await?;
        ensure!(held > 0.0, "node {place} held nothing");
        ensure!(
            held <= bound as f64,
            "node {place} held {held} of {made} blocks, more than {bound}"
        );
    }
    // And the honest ones go on.
    network.decide(&[1, 0]).await?;
    network.ensure_honest(0).await
}
