//! A development node under load: transactions per second, time to inclusion, memory.
//!
//! Each client has its own connection and account. It sends its transactions at once and waits until
//! all of them are in a block. Every accepted one must be, or the benchmark fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fedchain_bench::{
    table::{ms, row},
    task::{WIDE, task},
};
use fedchain_fl::{FederationSpec, Membership, Strategy, Windows};
use fedchain_runtime::{RuntimeCall, currency::UNIT};
use fedchain_test_support::{Client, Node, Sent, transfer_to};
use futures::future::try_join_all;
use serde_json::json;
use sp_core::H256;

const CLIENTS: [u32; 4] = [1, 10, 100, 1_000];
/// Transfers per client.
const TRANSFERS: u32 = 10;
/// Transfers in one batch that endows clients.
const BATCH: usize = 200;

/// Measures transfers and commitments for each number of clients, each on a node of its own.
pub fn run() -> Result<()> {
    fdlimit::raise_fd_limit()?;
    let runtime = tokio::runtime::Runtime::new()?;
    for clients in CLIENTS {
        runtime.block_on(measure(clients))?;
    }
    Ok(())
}

async fn measure(count: u32) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let mut alice = Client::connect(&node, "//Alice").await?;
    let keys: Vec<String> = (0..count)
        .map(|client| format!("//load/{client}"))
        .collect();
    let mut clients = try_join_all(keys.iter().map(|key| Client::connect(&node, key))).await?;
    for some in clients.chunks(BATCH) {
        let calls = some.iter().map(|client| transfer(client, 100 * UNIT));
        let batch = pallet_utility::Call::batch_all {
            calls: calls.collect(),
        };
        alice.send_all(vec![batch.into()]).await?;
    }

    let everybody: Vec<_> = clients.iter().map(|client| client.account()).collect();
    let calls = |client: usize| -> Vec<RuntimeCall> {
        let to = &everybody[(client + 1) % everybody.len()];
        (0..TRANSFERS)
            .map(|_| transfer_to(to.clone(), UNIT / 100))
            .collect()
    };
    let (sent, elapsed) = together(&mut clients, calls).await?;
    report(&format!("load_transfers_{count}"), sent, elapsed);

    let spec = federation(count)?;
    alice
        .send_all(vec![pallet_federation::Call::create { spec }.into()])
        .await?;
    let join = |_| vec![pallet_federation::Call::join { federation: 0 }.into()];
    together(&mut clients, join).await?;
    let view = node.rpc("federation_get", json!([0])).await?;
    let base_root: H256 = serde_json::from_value(view["model_root"].clone())?;
    let commit = |client: usize| {
        let call = pallet_federation::Call::commit {
            federation: 0,
            round: 1,
            base_root,
            commitment: H256::from_low_u64_be(client as u64),
        };
        vec![call.into()]
    };
    let (sent, elapsed) = together(&mut clients, commit).await?;
    report(&format!("load_commitments_{count}"), sent, elapsed);

    let view = node.rpc("federation_get", json!([0])).await?;
    let members = view["clients"].as_array().context("no clients")?;
    let committed = members.iter().filter(|client| client["committed"] == true);
    ensure!(
        committed.count() == count as usize,
        "a commitment is missing"
    );
    let peak = node.memory_peak()? as f64 / f64::from(1 << 20);
    row(&format!("load_node_memory_{count}"), peak, "MiB");
    Ok(())
}

/// All clients send their calls at once; answers what became of each, and the time until the last was
/// in a block.
async fn together(
    clients: &mut [Client],
    calls: impl Fn(usize) -> Vec<RuntimeCall>,
) -> Result<(Vec<Sent>, Duration)> {
    let start = Instant::now();
    let all = (0..)
        .zip(clients)
        .map(|(place, client)| client.send_all(calls(place)));
    let sent = try_join_all(all).await?.concat();
    Ok((sent, start.elapsed()))
}

fn report(name: &str, sent: Vec<Sent>, elapsed: Duration) {
    let accepted = sent
        .iter()
        .map(|sent| sent.accepted)
        .max()
        .unwrap_or_default();
    let count = sent.len() as f64;
    row(
        &format!("{name}_accepted"),
        count / accepted.as_secs_f64(),
        "1/s",
    );
    row(
        &format!("{name}_included"),
        count / elapsed.as_secs_f64(),
        "1/s",
    );
    let mut latencies: Vec<_> = sent.iter().map(|sent| sent.included).collect();
    latencies.sort();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    row(&format!("{name}_latency_median"), ms(at(0.5)), "ms");
    row(&format!("{name}_latency_p99"), ms(at(0.99)), "ms");
}

fn transfer(to: &Client, value: u128) -> RuntimeCall {
    transfer_to(to.account(), value)
}

fn federation(clients: u32) -> Result<FederationSpec<u128>> {
    Ok(FederationSpec {
        name: "load"
            .parse()
            .map_err(|_| anyhow::anyhow!("a valid name"))?,
        membership: Membership::Open,
        clients_min: clients,
        clients_max: clients,
        rounds_max: 1,
        windows: Windows {
            commit_blocks: 10_000,
            settle_blocks: 1,
            reveal_blocks: 10_000,
        },
        quorum: 50,
        sample_count_max: 1_000,
        bond: UNIT,
        join_deposit: UNIT,
        reward: 0,
        gate: None,
        task: task(11, WIDE, Strategy::FedAvg)?,
    })
}
