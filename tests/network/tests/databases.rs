//! What an older version left in the database.

use std::time::Duration;

use anyhow::{Result, ensure};
use fedchain_network::{FINALITY_DEPTH, Network};

/// Blocks of the best chain.
const MAIN: u32 = 40;
/// Blocks of a light side fork: discarding it block by block overflows a thread's usual stack.
const SIDE: u32 = 4_300;

#[tokio::test]
async fn a_node_finalises_beside_a_long_side_fork_and_after_a_restart() -> Result<()> {
    // Given the database of a node that once met an attacker, and has finalised nothing.
    let mut network = Network::start_wide(0).await?;
    let database = network
        .write(&format!("old-database:{MAIN}:{SIDE}"))
        .await?;
    let old = network.add_at(&database).await?;
    ensure!(network.best(old).await?.number == MAIN);
    ensure!(network.finalised(old).await?.number == 0);

    // When it goes on beside a peer.
    let peer = network.add(&[]).await?;
    network.heal().await?;
    network.agree(&[old, peer], MAIN).await?;
    let miner = network.keep_mining(old, Duration::from_millis(200));

    // Then it finalises its main chain, lives, and does so again after a restart.
    network.wait_for_finality(old, MAIN).await?;
    miner.stop().await?;
    network.node_mut(old).restart().await?;
    network.heal().await?;
    let _miner = network.keep_mining(old, Duration::from_millis(200));
    let height = network.finalised(old).await?.number + 2 * FINALITY_DEPTH;
    network.wait_for_finality(old, height).await?;
    ensure!(!network.node(old).log().contains("overflowed its stack"));
    Ok(())
}
