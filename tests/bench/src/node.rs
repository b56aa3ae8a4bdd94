//! The node itself: hash rate, time into the template, time to inclusion, import, memory over time.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fedchain_bench::table::{middle, ms, row};
use fedchain_network::Network;
use fedchain_runtime::currency::UNIT;
use fedchain_test_support::{Client, Node, transfer_to};
use serde_json::json;
use sp_crypto_hashing::blake2_256;

/// How long hashes are counted.
const COUNT: Duration = Duration::from_secs(5);
/// How often that is done.
const TURNS: usize = 5;
/// Transactions whose way into the template is timed.
const SAMPLES: usize = 20;
/// Transfers that a block has no room for.
const FULL: usize = 10_000;
/// Heights at which memory is compared.
const HEIGHTS: [u32; 2] = [1_000, 5_000];

/// Measures everything.
pub fn run() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        for threads in [1, 2] {
            hash_rate(threads).await?;
        }
        template().await?;
        inclusion().await?;
        growth().await
    })
}

/// The node's hashes per second beside those of as many bare loops, in turn; medians.
async fn hash_rate(threads: u32) -> Result<()> {
    let mut rates = vec![];
    for _ in 0..TURNS {
        rates.push((node_rate(threads).await?, bare_rate(threads)));
    }
    let middle = |of: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = rates.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let row = |what: &str, value: f64, unit: &str| {
        row(&format!("node_hashes_{threads}_{what}"), value, unit);
    };
    row("threads", middle(|(node, _)| *node), "1/s");
    row("bare", middle(|(_, bare)| *bare), "1/s");
    row("to_bare", middle(|(node, bare)| node / bare), "ratio");
    Ok(())
}

async fn node_rate(threads: u32) -> Result<f64> {
    // Nothing can be found: the threads only search.
    let mut network = Network::with_difficulty(u128::MAX)?;
    let node = network
        .add(&["--mining-threads", &threads.to_string()])
        .await?;
    let hashes = async || network.metric(node, "fedchain_hashes_total").await;
    network
        .wait_for("hashes", async || Ok(hashes().await? > 0.0))
        .await?;
    let (start, before) = (Instant::now(), hashes().await?);
    tokio::time::sleep(COUNT).await;
    Ok((hashes().await? - before) / start.elapsed().as_secs_f64())
}

fn bare_rate(threads: u32) -> f64 {
    let (is_over, hashes) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut input = [7; 40];
                while !is_over.load(Ordering::Relaxed) {
                    for nonce in 0..8_192u64 {
                        input[32..].copy_from_slice(&nonce.to_le_bytes());
                        std::hint::black_box(blake2_256(std::hint::black_box(&input)));
                    }
                    hashes.fetch_add(8_192, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(COUNT);
        is_over.store(true, Ordering::Relaxed);
    });
    hashes.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// From a transaction's submission on an idle chain until a template has it.
async fn template() -> Result<()> {
    let network = Network::start(1).await?;
    network.mine(0, 2).await?;
    let node = network.node(0);
    let mut alice = Client::connect(node, "//Alice").await?;
    let mut times = vec![];
    for _ in 0..SAMPLES {
        network.mine(0, 1).await?;
        // Just after a refresh, so that the next template is the transaction's.
        let first = newer_job(node, None).await?;
        let refreshed = newer_job(node, Some(first)).await?;
        let (start, call) = (Instant::now(), transfer_to(alice.account(), UNIT / 1_000));
        let (_, took) = tokio::join!(alice.submit(call, 0), async {
            newer_job(node, Some(refreshed))
                .await
                .map(|_| start.elapsed())
        });
        times.push(took?);
        network.mine(0, 1).await?;
        ensure!(transactions(node).await? == 1, "the template lacks it");
    }
    row("node_submit_to_template", ms(middle(times)), "ms");
    Ok(())
}

/// Waits for work that is not `old`; answers its number.
async fn newer_job(node: &Node, old: Option<u64>) -> Result<u64> {
    loop {
        let job = node.rpc("mining_getWork", json!([])).await;
        if let Ok(job) = job.map(|work| work["job"].as_u64())
            && job.is_some()
            && job != old
        {
            return job.context("no job");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// From submission at any moment until a block has it, in a development node's own block intervals.
async fn inclusion() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let mut alice = Client::connect(&node, "//Alice").await?;
    let height = async || -> Result<f64> {
        let header = node.rpc("chain_getHeader", json!([])).await?;
        let number = header["number"].as_str().context("no number")?;
        Ok(f64::from(u32::from_str_radix(
            number.trim_start_matches("0x"),
            16,
        )?))
    };
    let (start, before) = (Instant::now(), height().await?);
    let mut times = vec![];
    for _ in 0..SAMPLES {
        let moment = rand::random_range(0..1_000);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        let call = transfer_to(alice.account(), UNIT / 1_000);
        times.extend(alice.send_all(vec![call]).await?);
    }
    let blocks = height().await? - before;
    let interval = start.elapsed().as_secs_f64() * 1e3 / blocks;
    let latency = ms(middle(times.iter().map(|sent| sent.included).collect()));
    row("node_block_interval", interval, "ms");
    row("node_inclusion_median", latency, "ms");
    row("node_inclusion_to_interval", latency / interval, "ratio");
    Ok(())
}

/// Memory that is no file's at two heights, and the time that a peer takes to fetch and import these
/// blocks, beside that of the imports alone, and then a full one.
async fn growth() -> Result<()> {
    let mut network = Network::start(1).await?;
    let mut anonymous = vec![];
    for height in HEIGHTS {
        let blocks = height - network.best(0).await?.number;
        network.mine(0, blocks).await?;
        let bytes = network.node(0).memory_anonymous()? as f64;
        row(
            &format!("node_memory_{height}_blocks"),
            bytes / f64::from(1 << 20),
            "MiB",
        );
        anonymous.push(bytes);
    }
    row("node_memory_growth", anonymous[1] / anonymous[0], "ratio");

    let late = network.add(&[]).await?;
    let start = Instant::now();
    network.connect(0, late).await?;
    network.agree(&[0, late], HEIGHTS[1]).await?;
    let synced = start.elapsed().as_secs_f64();
    let figure = async |part: &str| {
        let name = format!("substrate_block_verification_and_import_time_{part}");
        network.metric(late, &name).await
    };
    let (sum, count) = (figure("sum").await?, figure("count").await?);
    row("node_import_empty_block", 1e3 * sum / count, "ms");
    row("node_sync_5000_blocks", synced, "s");
    row("node_sync_to_import", synced / sum, "ratio");

    let mut alice = Client::connect(network.node(0), "//Alice").await?;
    for _ in 0..FULL {
        let call = transfer_to(alice.account(), UNIT / 1_000);
        alice.submit(call, 0).await?;
    }
    // The template that holds them all is a later one than the one at hand.
    let first = newer_job(network.node(0), None).await?;
    newer_job(network.node(0), Some(first)).await?;
    network.mine(0, 1).await?;
    network.agree(&[0, late], HEIGHTS[1] + 1).await?;
    let held = transactions(network.node(0)).await?;
    row("node_full_block", held as f64, "transfers");
    let full = figure("sum").await? - sum;
    row("node_import_full_block", 1e3 * full, "ms");
    Ok(())
}

/// How many transactions the best block has, the timestamp not counted.
async fn transactions(node: &Node) -> Result<usize> {
    let block = node.rpc("chain_getBlock", json!([])).await?;
    let extrinsics = block["block"]["extrinsics"].as_array().context("no body")?;
    Ok(extrinsics.len().saturating_sub(1))
}
