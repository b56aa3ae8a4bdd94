//! Full blocks on a real node: whatever others bid for them, clients are heard.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use fedchain_runtime::{Runtime, RuntimeCall, currency::UNIT, tx_extension};
use fedchain_test_support::{
    CLIENTS, Cli, Client, FIXED_SPLIT, Node, Task, Trainer, open, transfer_to,
};
use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
use futures::future::try_join_all;
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{generic::Era, traits::TransactionExtension};
use tokio::{task::JoinHandle, time::sleep};

/// Accounts that fill a block with large transactions, and those that fill the rest with small ones.
const STUFFERS: ([&str; 2], [&str; 2]) =
    (["//Eve", "//Ferdie"], ["//Eve//stash", "//Ferdie//stash"]);
/// Parts of a block that a large transaction fills one of.
const PARTS: u64 = 8;
/// Transactions that each of them has waiting: a block has no room for all.
const WAITING: u32 = 16;
/// What they offer the miner for a large and for a small transaction.
const TIPS: (u128, u128) = (100 * UNIT, UNIT);

/// Fills blocks until dropped.
struct Stuffing(JoinHandle<Result<()>>);

impl Stuffing {
    async fn start(node: &Node) -> Result<Self> {
        let transfer = transfer_to(Sr25519Keyring::One.to_account_id(), UNIT);
        let large = pallet_utility::Call::batch {
            calls: vec![transfer.clone(); large_part(&transfer)],
        };
        let mut stuffers = vec![];
        for (keys, call, tip) in [
            (STUFFERS.0, large.into(), TIPS.0),
            (STUFFERS.1, transfer, TIPS.1),
        ] {
            for key in keys {
                stuffers.push((Client::connect(node, key).await?, call.clone(), tip));
            }
        }
        top_up(&mut stuffers).await?;
        Ok(Self(tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(20)).await;
                top_up(&mut stuffers).await?;
            }
        })))
    }
}

async fn top_up(stuffers: &mut [(Client, RuntimeCall, u128)]) -> Result<()> {
    for (client, call, tip) in stuffers {
        for _ in client.waiting().await?..WAITING {
            client.submit(call.clone(), *tip).await?;
        }
    }
    Ok(())
}

/// How many such calls in one transaction fill a part of a block.
fn large_part(call: &RuntimeCall) -> usize {
    let limits = <Runtime as frame_system::Config>::BlockWeights::get();
    let class = limits.get(DispatchClass::Normal);
    let most = class.max_total.unwrap_or(limits.max_block).ref_time() / PARTS;
    let weigh = |calls: usize| {
        let calls = vec![call.clone(); calls];
        let batch = RuntimeCall::from(pallet_utility::Call::batch { calls });
        let extension = tx_extension(0, Era::Immortal, 0).weight(&batch);
        let all = batch.get_dispatch_info().call_weight + extension + class.base_extrinsic;
        all.ref_time()
    };
    let each = weigh(2) - weigh(1);
    ((most - weigh(0)) / each) as usize
}

impl Drop for Stuffing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many blocks from the first to the last have the large transactions that, with the small ones, fill one.
async fn full_blocks(node: &Node, from: u64, to: u64) -> Result<usize> {
    let mut full = 0;
    for number in from..=to {
        let hash = node.rpc("chain_getBlockHash", json!([number])).await?;
        let block = node.rpc("chain_getBlock", json!([hash])).await?;
        let body = block["block"]["extrinsics"].as_array();
        let lengths = body.into_iter().flatten().filter_map(Value::as_str);
        full += usize::from(lengths.filter(|hex| hex.len() > 10_000).count() >= PARTS as usize - 1);
    }
    Ok(full)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_heard_in_full_blocks() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
    let spec = folder.path().join("federation.toml");
    let toml = (Task::Diabetes.toml())
        .replace("rounds_max = 6", "rounds_max = 3")
        .replace("bond = \"1 UNIT\"", "bond = \"100 UNIT\"")
        .replace("commit_blocks = 60", "commit_blocks = 10")
        .replace("reveal_blocks = 30", "reveal_blocks = 5");
    fs::write(&spec, toml)?;
    let federation = open(&cli, &spec).await?;
    let before = try_join_all(CLIENTS.map(|key| cli.owned(key))).await?;

    let stuffing = Stuffing::start(&node).await?;
    for trainer in Trainer::start_all(&cli, federation, &parts.clients, folder.path(), &[])? {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let view = node.rpc("federation_get", json!([federation])).await?;
    assert!(!stuffing.0.is_finished(), "it has stopped filling blocks");
    drop(stuffing);

    let created_at = view["created_at"].as_u64().context("no block")?;
    let mut closed_at = created_at;
    for round in 1..=3 {
        let view = node
            .rpc("federation_round", json!([federation, round]))
            .await?;
        let record = &view["record"];
        assert_eq!(
            (&record["outcome"], &record["accepted"]),
            (&json!("adopted"), &json!(2)),
            "{record}"
        );
        closed_at = record["closed_at"].as_u64().context("no block")?;
    }
    let full = full_blocks(&node, created_at, closed_at).await?;
    assert!(
        full >= 6,
        "{full} full blocks of #{created_at} to #{closed_at}"
    );
    // Fees are all that was spent: nobody lost a bond.
    let after = try_join_all(CLIENTS.map(|key| cli.owned(key))).await?;
    for (before, after) in before.iter().zip(after) {
        assert!(before - after < 50 * UNIT as i128, "{before} {after}");
    }
    Ok(())
}
