//! What nodes say of themselves and of the chain.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::Network;

/// Longest wait for anything that the network should do.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(60);
/// Pause between two looks at something that is waited for.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// The end of a node's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: u32,
    /// Hash.
    pub hash: String,
}

impl Network {
    /// How many peers a node has.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn peers(&self, place: usize) -> Result<usize> {
        let health = self.node(place).rpc("system_health", json!([])).await?;
        Ok(health["peers"].as_u64().context("no peers")? as usize)
    }

    /// Whether a node has another as its peer.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_peer(&self, place: usize, other: usize) -> Result<bool> {
        let peers = self.node(place).rpc("system_peers", json!([])).await?;
        let mut peers = peers.as_array().context("no peers")?.iter();
        Ok(peers.any(|peer| peer["peerId"] == self.id(other)))
    }

    /// Whether a node says that it is behind.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_syncing(&self, place: usize) -> Result<bool> {
        let health = self.node(place).rpc("system_health", json!([])).await?;
        health["isSyncing"].as_bool().context("no state")
    }

    /// A node's best block.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn best(&self, place: usize) -> Result<Head> {
        self.head(place, "chain_getBlockHash").await
    }

    /// A node's finalised block.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn finalised(&self, place: usize) -> Result<Head> {
        self.head(place, "chain_getFinalizedHead").await
    }

    async fn head(&self, place: usize, method: &str) -> Result<Head> {
        let node = self.node(place);
        let hash = node.rpc(method, json!([])).await?;
        let number = number_of(&node.rpc("chain_getHeader", json!([hash])).await?)?;
        let hash = hash.as_str().context("no hash")?.into();
        Ok(Head { number, hash })
    }

    /// The hash of a height on a node's best chain.
    ///
    /// # Errors
    /// When it does not answer, or its chain is shorter.
    pub async fn hash(&self, place: usize, number: u32) -> Result<String> {
        let hash = self
            .node(place)
            .rpc("chain_getBlockHash", json!([number]))
            .await?;
        Ok(hash.as_str().context("no such block")?.into())
    }

    /// Whether a node has a block, be it on its best chain or not.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn has(&self, place: usize, hash: &str) -> Result<bool> {
        let header = self
            .node(place)
            .rpc("chain_getHeader", json!([hash]))
            .await?;
        Ok(!header.is_null())
    }

    /// Makes sure that no block of a node's best chain was made by `fedchain-hostile`.
    ///
    /// # Errors
    /// When one was.
    pub async fn ensure_honest(&self, place: usize) -> Result<()> {
        let hostile = Sr25519Keyring::Eve.to_account_id().to_string();
        for number in 1..=self.best(place).await?.number {
            let block = self
                .node(place)
                .rpc("federation_block", json!([number]))
                .await?;
            ensure!(
                block["author"].as_str().context("no author")? != hostile,
                "a hostile block came in: {block}"
            );
        }
        Ok(())
    }

    /// Waits until some nodes have the same best block, of height `least` or more. One that does not
    /// answer may be starting anew.
    ///
    /// # Errors
    /// When they do not agree in time.
    pub async fn agree(&self, places: &[usize], least: u32) -> Result<Head> {
        let end = Instant::now() + WAIT_MAX;
        loop {
            let mut heads = vec![];
            for place in places {
                heads.push(self.best(*place).await.ok());
            }
            if let Some(Some(first)) = heads.first()
                && first.number >= least
                && heads.iter().all(|head| head.as_ref() == Some(first))
            {
                return Ok(first.clone());
            }
            let is_over = Instant::now() > end;
            ensure!(!is_over, "no agreement: {heads:?}; {}", self.logs());
            sleep(LOOK).await;
        }
    }

    /// A figure that a node tells Prometheus; zero where there is none.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metric(&self, place: usize, name: &str) -> Result<f64> {
        let mut stream = TcpStream::connect(self.prometheus(place)).await?;
        stream
            .write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let values = text
            .lines()
            .filter(|line| line.starts_with(name))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Waits until a node has refused a fork below its finality, and says so.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_for_alarm(&self, place: usize) -> Result<()> {
        let name = "fedchain_blocks_below_finality_total";
        self.wait_for("alarm", async || Ok(self.metric(place, name).await? > 0.0))
            .await
    }

    /// Waits until a node has a best block of this height.
    ///
    /// # Errors
    /// When it does not come a thousand blocks further in time.
    pub async fn wait_for_height(&self, place: usize, height: u32) -> Result<()> {
        let steps = (1..)
            .map(|step| step * 1_000)
            .take_while(|step| *step < height);
        for step in steps.chain([height]) {
            self.wait_for(&format!("block {step} at node {place}"), async || {
                Ok(self.best(place).await?.number >= step)
            })
            .await?;
        }
        Ok(())
    }

    /// Waits until a node has finalised a block of this height.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_for_finality(&self, place: usize, height: u32) -> Result<()> {
        self.wait_for(
            &format!("finality of {height} at node {place}"),
            async || Ok(self.finalised(place).await?.number >= height),
        )
        .await
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn wait_for(
        &self,
        what: &str,
        mut is_so: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<()> {
        let end = Instant::now() + WAIT_MAX;
        while !is_so().await? {
            if Instant::now() > end {
                bail!("no {what} in time; {}", self.logs());
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The ends of all logs.
    fn logs(&self) -> String {
        let end = |place| {
            let log = self.node(place).log();
            let lines: Vec<_> = log.lines().rev().take(15).collect();
            let lines: Vec<_> = lines.into_iter().rev().collect();
            format!("node {place}:\n{}\n", lines.join("\n"))
        };
        (0..self.count()).map(end).collect()
    }
}

/// The height in a header.
pub(crate) fn number_of(header: &Value) -> Result<u32> {
    let number = header["number"].as_str().context("no number")?;
    Ok(u32::from_str_radix(number.trim_start_matches("0x"), 16)?)
}
