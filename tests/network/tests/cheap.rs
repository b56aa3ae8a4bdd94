//! Long chains that cost next to nothing: they stop no miner, and no new node is lost to them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use fedchain_network::{FINALITY_DEPTH, Head, Miner, Network};
use fedchain_test_support::{OWNER, Task};
use serde_json::json;
use tokio::time::sleep;

/// Blocks of a cheap chain, more than a node that catches up leaves open.
const CHEAP: u32 = 1_500;
/// Blocks of an honest chain that weighs more than four times as much.
const HONEST: u32 = 60;
/// Blocks of a cheap chain that is too long to be left in place.
const CHEAP_MANY: u32 = 5_000;
/// Blocks of an honest chain that weighs more than four times as much.
const HONEST_MANY: u32 = 120;
/// Honest blocks beside the attackers.
const GROWTH: u32 = 20;

/// Some honest nodes with a chain, and the database of an attacker.
async fn scene(honest: usize, dear: u32, cheap: u32) -> Result<(Network, PathBuf)> {
    let mut network = Network::start_wide(0).await?;
    let (dear, cheap) = (format!("dear:{dear}"), format!("cheap:{cheap}"));
    let (dear, cheap) = tokio::try_join!(network.write(&dear), network.write(&cheap))?;
    for place in 0..honest {
        let base = network.copy(&dear, &format!("honest-{place}"))?;
        network.add_at(&base).await?;
    }
    network.heal().await?;
    Ok((network, cheap))
}

/// Adds nodes that serve copies of a database and stay with it.
async fn add_attackers(network: &mut Network, database: &Path, count: usize) -> Result<Vec<usize>> {
    let mut attackers = vec![];
    for number in 0..count {
        let base = network.copy(database, &format!("attacker-{number}"))?;
        attackers.push(network.add_server(&base).await?);
    }
    Ok(attackers)
}

fn mine_at(network: &Network, places: &[usize], pause: Duration) -> Vec<Miner> {
    let miner = |place: &usize| network.keep_mining(*place, pause);
    places.iter().map(miner).collect()
}

/// Waits until a new node is on the honest chain. If it starts over, it knows its peers no more.
async fn end_on(network: &Network, new: usize, honest: &Head) -> Result<()> {
    network
        .wait_for("honest chain on the new node", async || {
            let _ = network.connect(0, new).await;
            Ok(network
                .hash(new, honest.number)
                .await
                .is_ok_and(|hash| hash == honest.hash))
        })
        .await
}

#[tokio::test]
async fn miners_go_on_beside_peers_with_a_long_cheap_chain() -> Result<()> {
    // Given three honest nodes, and three attackers with a chain of far more blocks.
    let (mut network, cheap) = scene(3, HONEST, CHEAP_MANY).await?;
    let honest = [0, 1, 2];
    let attackers = add_attackers(&mut network, &cheap, 3).await?;
    let cheap = [
        network.hash(attackers[0], 1).await?,
        network.hash(attackers[0], CHEAP_MANY).await?,
    ];

    // When all are connected, and two of the honest ones mine.
    network.heal().await?;
    let start = network.best(0).await?.number;
    let miners = mine_at(&network, &[1, 2], Duration::from_millis(200));

    // Then a transaction leaves the third, and the block that holds it comes back.
    let spec = network.path("federation.toml");
    fs::write(&spec, Task::Diabetes.toml())?;
    let spec = spec.display().to_string();
    let create = ["federation", "create", "--spec", &spec, "--key", OWNER];
    network.cli(0)?.json(&create).await?;
    let federations = network.node(0).rpc("federation_list", json!([])).await?;
    ensure!(federations != json!([]), "the transaction is in no block");
    // And all of them have the new blocks, and none has any of the attackers'.
    for place in honest {
        network.wait_for_height(place, start + GROWTH).await?;
        ensure!(!network.is_syncing(place).await?, "node {place} waits");
        for hash in &cheap {
            ensure!(!network.has(place, hash).await?, "node {place} has {hash}");
        }
    }
    for miner in miners {
        miner.stop().await?;
    }
    network.decide(&honest).await?;
    network.ensure_honest(0).await
}

#[tokio::test]
#[ignore = "measures the rate of blocks for two minutes, on an idle machine"]
async fn miners_are_as_quick_beside_peers_with_a_long_cheap_chain() -> Result<()> {
    const SPAN: Duration = Duration::from_secs(60);
    let (mut network, cheap) = scene(3, HONEST, CHEAP_MANY).await?;
    let _miners = mine_at(&network, &[0, 1, 2], Duration::from_secs(2));
    let grown = async |network: &Network| -> Result<f64> {
        let start = network.best(0).await?.number;
        sleep(SPAN).await;
        Ok(f64::from(network.best(0).await?.number - start))
    };
    let without = grown(&network).await?;
    add_attackers(&mut network, &cheap, 3).await?;
    network.heal().await?;
    let with = grown(&network).await?;
    println!("{without} blocks without attackers, {with} with them");
    ensure!(with >= 0.9 * without, "{with} blocks instead of {without}");
    Ok(())
}

#[tokio::test]
#[ignore = "one of several of its kind: the others run always"]
async fn a_new_node_that_meets_both_chains_at_once_takes_the_heavier_one() -> Result<()> {
    let (mut network, cheap) = scene(1, HONEST, CHEAP).await?;
    let head = network.best(0).await?;
    let attackers = add_attackers(&mut network, &cheap, 2).await?;
    let new = network.add(&[]).await?;
    for attacker in attackers {
        network.connect(attacker, new).await?;
    }
    end_on(&network, new, &head).await
}

/// A new node believes a cheap chain, and then meets the honest one.
async fn believe(network: &mut Network, cheap: &Path, blocks: u32) -> Result<()> {
    let honest = network.best(0).await?;
    // Given a new node that knows attackers only, and has caught up with them.
    let attacker = add_attackers(network, cheap, 1).await?[0];
    let new = network.add(&[]).await?;
    network.connect(attacker, new).await?;
    network.wait_for_height(new, blocks).await?;
    network
        .wait_for_finality(new, blocks - 2 * FINALITY_DEPTH)
        .await?;

    // When it meets honest nodes.
    network.connect(0, new).await?;

    // Then it starts over, and ends on their chain.
    network
        .wait_for("start over", async || {
            Ok(network.node(new).log().contains("starts over"))
        })
        .await?;
    end_on(network, new, &honest).await?;
    // For good: the attacker is still there.
    let miner = network.keep_mining(0, Duration::from_millis(200));
    network.wait_for_height(new, honest.number + 5).await?;
    miner.stop().await?;
    let height = network.best(0).await?.number;
    network.agree(&[0, new], height).await?;
    Ok(())
}

#[tokio::test]
async fn a_new_node_that_believed_a_cheap_chain_starts_over() -> Result<()> {
    let (mut network, cheap) = scene(1, HONEST, CHEAP).await?;
    believe(&mut network, &cheap, CHEAP).await
}

#[tokio::test]
#[ignore = "imports 5,000 blocks: takes minutes"]
async fn a_new_node_that_believed_a_very_long_cheap_chain_starts_over() -> Result<()> {
    let (mut network, cheap) = scene(1, HONEST_MANY, CHEAP_MANY).await?;
    believe(&mut network, &cheap, CHEAP_MANY).await
}

#[tokio::test]
#[ignore = "mines 4,500 blocks by a clock of two thousand times the pace: takes minutes"]
async fn a_new_node_that_believed_a_chain_of_another_year_starts_over() -> Result<()> {
    const BLOCKS: u32 = 4_500;
    // Given what an attacker makes with nothing but a stock node and a false clock.
    let (mut network, _) = scene(1, HONEST_MANY, 1).await?;
    let database = network.path("another-year");
    let start = Instant::now();
    let miner = network.add_clocked(&database, "-364d x2000").await?;
    network.wait_for_height(miner, BLOCKS).await?;
    println!("{BLOCKS} blocks in {:?}", start.elapsed());
    network.node_mut(miner).kill().await?;

    // When a new node believes it, it starts over as well. The newest blocks may not be on disk.
    believe(&mut network, &database, BLOCKS - 20).await
}
