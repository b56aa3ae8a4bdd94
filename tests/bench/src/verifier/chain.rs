//! What whoever has no node spends: receipts and audits of a chain with one federation.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use fedchain_bench::table::{REPEATS, median, middle, ms, row};
use fedchain_network::Network;
use fedchain_receipt::{Basis, Receipt};
use fedchain_test_support::{CLIENTS, FIXED_SPLIT, Task, Trainer, open};
use fedchain_trainer::{
    chain::{Chain, Wait},
    keys::{account, load},
    verify::{
        audit::audit,
        receipt::{Wanted, get},
    },
};

/// Height of the chain.
const BLOCKS: u32 = 1_000;
/// Pause between two blocks while the federation runs.
const PACE: Duration = Duration::from_millis(100);

/// Measures both.
#[tokio::main]
pub async fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let network = Network::start(1).await?;
    let miner = network.keep_mining(0, PACE);
    let cli = network.cli(0)?;
    let spec = folder.path().join("federation.toml");
    fs::write(&spec, Task::Diabetes.toml())?;
    let federation = open(&cli, &spec).await?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
    for trainer in Trainer::start_all(&cli, federation, &parts.clients, folder.path(), &[])? {
        trainer.finish().await?;
    }
    miner.stop().await?;
    let best = network.best(0).await?.number;
    ensure!(best < BLOCKS, "the federation took {best} blocks");
    network.mine(0, BLOCKS - best).await?;

    let chain = Chain::connect(&network.node(0).url(), Wait::Best).await?;
    receipts(&chain, federation).await?;
    let mut times = vec![];
    for _ in 0..REPEATS {
        let start = Instant::now();
        let report = audit(&chain, Some(BLOCKS), |_| {}, |_, _| {}).await?;
        times.push(start.elapsed());
        ensure!(report.federations == 1, "the federation was not found");
    }
    let rate = f64::from(BLOCKS) / middle(times).as_secs_f64();
    row("audit", rate, "blocks/s");
    Ok(())
}

/// A receipt of the first round: with the headers above it, and with all headers.
async fn receipts(chain: &Chain, federation: u32) -> Result<()> {
    let client = account(&load(CLIENTS[0])?);
    for since_genesis in [false, true] {
        let wanted = Wanted {
            federation,
            round: 1,
            client,
            since_genesis,
            to: BLOCKS,
        };
        let start = Instant::now();
        let receipt = get(chain, wanted, |_, _| {}).await?;
        let made = start.elapsed();
        let trusted = match since_genesis {
            true => chain.genesis(),
            false => receipt.tip,
        };
        let bytes = receipt.to_bytes();
        let (checked, verdict) =
            median(|| Receipt::from_bytes(&bytes).and_then(|read| read.check(Some(trusted))));
        ensure!(
            verdict?.basis != Basis::Nothing,
            "the receipt proves nothing"
        );
        let name = match since_genesis {
            true => "receipt_since_genesis",
            false => "receipt",
        };
        let headers = receipt.headers.len() as f64;
        row(&format!("{name}_headers"), headers, "headers");
        row(&format!("{name}_size"), bytes.len() as f64, "bytes");
        row(&format!("{name}_get"), ms(made), "ms");
        row(&format!("{name}_check"), ms(checked), "ms");
    }
    Ok(())
}
