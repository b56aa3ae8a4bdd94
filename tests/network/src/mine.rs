//! Mining by the test: it takes work from a node, finds the seal and hands it in.

use std::{
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use fedchain_pow::{U256, search, target};
use fedchain_test_support::Node;
use serde_json::json;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{Head, LOOK, Network, WAIT_MAX, look::number_of};

/// Work taken from a node, and the nonce that seals it.
pub struct Sealed {
    job: u64,
    nonce: u64,
}

impl Network {
    /// Mines so many blocks at a node, one after the other. Work that a transaction makes stale
    /// meanwhile is taken anew, as every miner does.
    ///
    /// # Errors
    /// When the node has not so many more blocks in time.
    pub async fn mine(&self, place: usize, blocks: u32) -> Result<()> {
        for _ in 0..blocks {
            let next = self.best(place).await?.number + 1;
            let node = self.node(place).rpc_address();
            self.wait_for("mined block", async || {
                if let Ok(Some((at, sealed))) = work(node).await
                    && at == next
                {
                    let _ = hand_in(node, &sealed).await;
                }
                Ok(self.best(place).await?.number >= next)
            })
            .await?;
        }
        Ok(())
    }

    /// Mines one more block at the first of some nodes, on the longest of their chains, and waits until
    /// all have it. Who was mining must have stopped: two may have found the last block at once, and what
    /// one found the others may not have heard of.
    ///
    /// # Errors
    /// When they do not agree in time.
    pub async fn decide(&self, places: &[usize]) -> Result<Head> {
        let mut height = 0;
        for place in places {
            height = height.max(self.best(*place).await?.number);
        }
        let first = *places.first().context("no nodes")?;
        self.wait_for_height(first, height).await?;
        self.mine(first, 1).await?;
        self.agree(places, height + 1).await
    }

    /// Takes a node's work for the block of height `number` and finds the seal.
    ///
    /// # Errors
    /// When the node gives no such work in time.
    pub async fn seal(&self, place: usize, number: u32) -> Result<Sealed> {
        let end = Instant::now() + WAIT_MAX;
        loop {
            if let Ok(Some((at, sealed))) = work(self.node(place).rpc_address()).await
                && at == number
            {
                return Ok(sealed);
            }
            ensure!(
                Instant::now() < end,
                "node {place} gives no work for #{number}"
            );
            sleep(LOOK).await;
        }
    }

    /// Hands a seal in.
    ///
    /// # Errors
    /// When the node refuses it.
    pub async fn hand_in(&self, place: usize, sealed: &Sealed) -> Result<()> {
        hand_in(self.node(place).rpc_address(), sealed).await
    }

    /// Mines a block at a node again and again, so far apart, until stopped or dropped.
    pub fn keep_mining(&self, place: usize, pause: Duration) -> Miner {
        let node = self.node(place).rpc_address();
        let is_over = Arc::new(AtomicBool::new(false));
        let is_stopped = is_over.clone();
        let task = tokio::spawn(async move {
            while !is_stopped.load(Ordering::Relaxed) {
                sleep(pause).await;
                // A node that is down or syncing gives no work now.
                if let Ok(Some((number, sealed))) = work(node).await
                    && hand_in(node, &sealed).await.is_ok()
                {
                    let _ = timeout(WAIT_MAX, reach(node, number)).await;
                }
            }
        });
        Miner { task, is_over }
    }
}

/// Mines until it is stopped or dropped.
pub struct Miner {
    task: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl Miner {
    /// Stops, and returns when the last block is in: none comes behind the test's back.
    ///
    /// # Errors
    /// When the task that mines has panicked.
    pub async fn stop(mut self) -> Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        Ok((&mut self.task).await?)
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until a node has a best block of this height, or is down.
async fn reach(node: SocketAddrV4, number: u32) -> Result<()> {
    while number_of(&Node::rpc_at(node, "chain_getHeader", json!([])).await?)? < number {
        sleep(LOOK).await;
    }
    Ok(())
}

async fn hand_in(node: SocketAddrV4, sealed: &Sealed) -> Result<()> {
    let nonce = format!("{:#x}", sealed.nonce);
    Node::rpc_at(node, "mining_submitWork", json!([sealed.job, nonce])).await?;
    Ok(())
}

/// The work at hand of the node at an address, with its seal, and the height of its block.
async fn work(node: SocketAddrV4) -> Result<Option<(u32, Sealed)>> {
    let work = Node::rpc_at(node, "mining_getWork", json!([])).await?;
    let number = work["number"].as_u64().context("no number")? as u32;
    let job = work["job"].as_u64().context("no job")?;
    let pre_hash = U256::from_str_radix(work["preHash"].as_str().context("no hash")?, 16)?;
    let difficulty = U256::from_dec_str(work["difficulty"].as_str().context("no difficulty")?)?;
    let target = target(difficulty).context("difficulty zero")?;
    let pre_hash = pre_hash.to_big_endian();
    let seal = tokio::task::spawn_blocking(move || search(&pre_hash, target, 0..u64::MAX)).await?;
    Ok(seal.map(|seal| {
        let nonce = seal.nonce;
        (number, Sealed { job, nonce })
    }))
}
