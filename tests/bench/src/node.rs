//! The node itself: hash rate, time into the template, time to inclusion, import, memory over time.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fedchain_bench::{
    extrinsic::sign_for,
    table::{middle, ms, row},
};
use fedchain_network::Network;
use fedchain_runtime::currency::UNIT;
use serde_json::json;
use sp_core::{H256, Pair, bytes::to_hex, sr25519};
use sp_crypto_hashing::blake2_256;

/// How long hashes are counted.
const COUNT: Duration = Duration::from_secs(5);
/// Transactions whose way into the template is timed.
const SAMPLES: usize = 20;
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
        growth().await
    })
}

/// The node's hashes per second beside those of as many bare loops, one after the other.
async fn hash_rate(threads: u32) -> Result<()> {
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
    let rate = (hashes().await? - before) / start.elapsed().as_secs_f64();
    drop(network);

    let bare = bare_rate(threads);
    row(&format!("node_hashes_{threads}_threads"), rate, "1/s");
    row(&format!("node_hashes_{threads}_bare"), bare, "1/s");
    row(
        &format!("node_hashes_{threads}_to_bare"),
        rate / bare,
        "ratio",
    );
    Ok(())
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

/// From a transaction's submission on an idle chain until a template has it, and until a block has it
/// that is mined at once.
async fn template() -> Result<()> {
    let network = Network::start(1).await?;
    network.mine(0, 2).await?;
    let node = network.node(0);
    let genesis: H256 = serde_json::from_value(node.rpc("chain_getBlockHash", json!([0])).await?)?;
    let alice =
        sr25519::Pair::from_string("//Alice", None).map_err(|_| anyhow::anyhow!("a key"))?;
    let job = async || -> Result<u64> {
        let work = node.rpc("mining_getWork", json!([])).await?;
        work["job"].as_u64().context("no job")
    };
    let (mut into_template, mut into_block) = (vec![], vec![]);
    for nonce in 0..SAMPLES {
        // Just after a refresh, so that the next template is the transaction's.
        let height = network.best(0).await?.number + 1;
        network.seal(0, height).await?;
        let old = job().await?;
        while job().await? == old {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let old = job().await?;
        let dest = fedchain_runtime::AccountId::from(alice.public()).into();
        let value = UNIT / 1_000;
        let call = pallet_balances::Call::transfer_keep_alive { dest, value }.into();
        let bytes = codec::Encode::encode(&sign_for(genesis, &alice, nonce as u32, call));
        let start = Instant::now();
        node.rpc("author_submitExtrinsic", json!([to_hex(&bytes, false)]))
            .await?;
        while job().await? == old {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        into_template.push(start.elapsed());
        network.mine(0, 1).await?;
        into_block.push(start.elapsed());
        let block = node.rpc("chain_getBlock", json!([])).await?;
        let extrinsics = block["block"]["extrinsics"].as_array().context("no body")?;
        ensure!(extrinsics.len() == 2, "the template did not have it");
    }
    row("node_submit_to_template", ms(middle(into_template)), "ms");
    row("node_submit_to_block", ms(middle(into_block)), "ms");
    Ok(())
}

/// Memory that is no file's at two heights, and the time that a peer takes to import these blocks.
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
    network.connect(0, late).await?;
    network.agree(&[0, late], HEIGHTS[1]).await?;
    let figure = async |part: &str| {
        let name = format!("substrate_import_queue_block_verification_and_import_time_{part}");
        network.metric(late, &name).await
    };
    let (sum, count) = (figure("sum").await?, figure("count").await?);
    row("node_import_empty_block", 1e3 * sum / count, "ms");
    Ok(())
}
