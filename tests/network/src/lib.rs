//! A network of real nodes, each in its own process, and what can happen to it.
//!
//! Nothing mines by itself: nodes build templates and the test finds the seals, so that a test decides
//! how long each side of a fork is. Nodes talk to reserved peers only. Where the test may, each has a
//! network namespace, and a partition drops what they send each other; elsewhere it takes peers off the
//! lists of the other side.

mod disk;
mod federation;
mod mine;
mod switch;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use fedchain_test_support::{Cli, Node, Place, binary, free_port};
use serde_json::{Value, json};
use switch::Switch;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

pub use disk::SmallDisk;
pub use federation::Federation;
pub use mine::Miner;

/// Depth of finality on the chain of these tests.
pub const FINALITY_DEPTH: u32 = 6;
/// Longest wait for anything that the network should do. A node asks nothing of a peer that left while it
/// was asked for a minute, after the second time for two.
const WAIT_MAX: Duration = Duration::from_secs(140);
/// Pause between two looks at something that is waited for.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Nodes and who they are.
pub struct Network {
    nodes: Vec<Peer>,
    switch: Option<Switch>,
    spec: PathBuf,
    folder: TempDir,
}

struct Peer {
    node: Node,
    id: String,
    prometheus: u16,
}

/// The end of a node's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: u32,
    /// Hash.
    pub hash: String,
}

impl Network {
    /// So many nodes that all know each other.
    ///
    /// # Errors
    /// When a node does not start.
    pub async fn start(count: usize) -> Result<Self> {
        let mut network = Self::new(|_| {})?;
        for _ in 0..count {
            network.add(&[]).await?;
        }
        network.heal().await?;
        Ok(network)
    }

    /// No nodes yet, on a chain that starts at this difficulty and keeps to it or goes above.
    ///
    /// # Errors
    /// When the programs are not built.
    pub fn with_difficulty(difficulty: u128) -> Result<Self> {
        Self::new(|spec| {
            let genesis = &mut spec["genesis"]["runtimeGenesis"]["patch"]["difficulty"];
            let number = format!("{difficulty:#x}");
            genesis["initialDifficulty"] = number.clone().into();
            genesis["difficultyCeiling"] = number.into();
        })
    }

    fn new(change: impl FnOnce(&mut Value)) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let spec = folder.path().join("chain.json");
        write_spec(&spec, change)?;
        Ok(Self {
            nodes: vec![],
            switch: Switch::new(),
            spec,
            folder,
        })
    }

    /// Adds an honest node with more arguments; answers its place. It knows nobody yet.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add(&mut self, more: &[&str]) -> Result<usize> {
        self.add_program("fedchain-node", more, None).await
    }

    /// Adds a node that attacks.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_hostile(&mut self, attack: &str) -> Result<usize> {
        self.add_program("fedchain-hostile", &["--name", attack], None)
            .await
    }

    /// Adds an honest node whose database is in this folder.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_at(&mut self, base: &Path) -> Result<usize> {
        self.add_program("fedchain-node", &[], Some(base)).await
    }

    async fn add_program(
        &mut self,
        program: &str,
        more: &[&str],
        base: Option<&Path>,
    ) -> Result<usize> {
        let place = self.nodes.len();
        let spec = self.spec.display().to_string();
        let key = format!("{:064x}", place + 1);
        // Two nodes with one author can make the same block on both sides of a partition.
        let author = format!("//Miner{place}");
        let prometheus = free_port()?;
        let metrics = prometheus.to_string();
        let mut args = vec![
            "--chain",
            &spec,
            "--node-key",
            &key,
            "--prometheus-port",
            &metrics,
            "--no-mdns",
            "--no-telemetry",
            "--reserved-only",
            // The other backend keeps peers that were taken off the list.
            "--network-backend",
            "libp2p",
            "--mine",
            "--mine-alone",
            "--author",
            &author,
        ];
        if !more.contains(&"--mining-threads") {
            args.extend(["--mining-threads", "0"]);
        }
        args.extend(more);
        let log = self.folder.path().join(format!("node-{place}.log"));
        let namespace = self.switch.as_mut().map(|switch| switch.plug(place));
        let at = Place {
            base: base.map(Path::to_owned),
            namespace: namespace.transpose()?,
        };
        let node = Node::start_program(program, &log, &args, at).await?;
        let id = node.rpc("system_localPeerId", json!([])).await?;
        let id = id.as_str().context("no peer id")?.to_owned();
        self.nodes.push(Peer {
            node,
            id,
            prometheus,
        });
        Ok(place)
    }

    /// A path in the network's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A node.
    pub fn node(&self, place: usize) -> &Node {
        &self.nodes[place].node
    }

    /// A node, to kill or to resume it.
    pub fn node_mut(&mut self, place: usize) -> &mut Node {
        &mut self.nodes[place].node
    }

    /// Kills a node, deletes its database and starts it anew; it knows nobody then.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn purge(&mut self, place: usize) -> Result<()> {
        let spec = self.spec.clone();
        let node = self.node_mut(place);
        node.kill().await?;
        let status = Command::new(binary("fedchain-node")?)
            .args(["purge-chain", "-y", "--chain"])
            .arg(spec)
            .arg("--base-path")
            .arg(node.base_path())
            .status()?;
        ensure!(status.success(), "the database was not deleted");
        node.resume(&[]).await
    }

    /// A user's command line at a node.
    ///
    /// # Errors
    /// When the program is not built.
    pub fn cli(&self, place: usize) -> Result<Cli> {
        Cli::new(self.node(place).url())
    }

    /// Lets two nodes know each other.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub async fn connect(&self, one: usize, other: usize) -> Result<()> {
        if let Some(switch) = &self.switch {
            switch.mend(one, other);
        }
        for (from, to) in [(one, other), (other, one)] {
            let to = &self.nodes[to];
            let (host, port) = (to.node.host(), to.node.port());
            let address = format!("/ip4/{host}/tcp/{port}/p2p/{}", to.id);
            self.node(from)
                .rpc("system_addReservedPeer", json!([address]))
                .await?;
        }
        Ok(())
    }

    /// Cuts all connections between two sides.
    ///
    /// # Errors
    /// When a node does not answer, or the sides still talk after a while.
    pub async fn partition(&self, left: &[usize], right: &[usize]) -> Result<()> {
        if let Some(switch) = &self.switch {
            for one in left {
                for other in right {
                    switch.cut(*one, *other)?;
                }
            }
            return Ok(());
        }
        for one in left {
            for other in right {
                for (from, to) in [(one, other), (other, one)] {
                    let id = &self.nodes[*to].id;
                    self.node(*from)
                        .rpc("system_removeReservedPeer", json!([id]))
                        .await?;
                }
            }
        }
        for (side, place) in left
            .iter()
            .map(|place| (left, place))
            .chain(right.iter().map(|place| (right, place)))
        {
            self.wait_for("the partition", async || {
                Ok(self.peers(*place).await? < side.len())
            })
            .await?;
        }
        Ok(())
    }

    /// Connects all nodes with each other, and waits until each has a peer.
    ///
    /// # Errors
    /// When they do not find each other.
    pub async fn heal(&self) -> Result<()> {
        let places = 0..self.nodes.len();
        for one in places.clone() {
            for other in one + 1..places.end {
                self.connect(one, other).await?;
            }
        }
        for place in places {
            self.wait_for("peers", async || {
                Ok(self.nodes.len() == 1 || self.peers(place).await? > 0)
            })
            .await?;
        }
        Ok(())
    }

    /// How many peers a node has.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn peers(&self, place: usize) -> Result<usize> {
        let health = self.node(place).rpc("system_health", json!([])).await?;
        Ok(health["peers"].as_u64().context("no peers")? as usize)
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

    /// Waits until some nodes have the same best block, of height `least` or more.
    ///
    /// # Errors
    /// When they do not agree in time.
    pub async fn agree(&self, places: &[usize], least: u32) -> Result<Head> {
        let end = Instant::now() + WAIT_MAX;
        loop {
            let mut heads = vec![];
            for place in places {
                heads.push(self.best(*place).await?);
            }
            if heads[0].number >= least && heads.iter().all(|head| *head == heads[0]) {
                return Ok(heads[0].clone());
            }
            ensure!(Instant::now() < end, "no agreement: {heads:?}");
            sleep(LOOK).await;
        }
    }

    /// A figure that a node tells Prometheus; zero where there is none.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metric(&self, place: usize, name: &str) -> Result<f64> {
        let mut stream =
            TcpStream::connect((self.node(place).host(), self.nodes[place].prometheus)).await?;
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
        let end = |(place, peer): (usize, &Peer)| {
            let log = peer.node.log();
            let lines: Vec<_> = log.lines().rev().take(15).collect();
            let lines: Vec<_> = lines.into_iter().rev().collect();
            format!("node {place}:\n{}\n", lines.join("\n"))
        };
        self.nodes.iter().enumerate().map(end).collect()
    }
}

fn number_of(header: &Value) -> Result<u32> {
    let number = header["number"].as_str().context("no number")?;
    Ok(u32::from_str_radix(number.trim_start_matches("0x"), 16)?)
}

/// The development chain, but with nodes that need peers and a pace that only work sets.
fn write_spec(path: &Path, change: impl FnOnce(&mut Value)) -> Result<()> {
    let output = Command::new(binary("fedchain-node")?)
        .args(["export-chain-spec", "--chain", "dev"])
        .output()?;
    ensure!(output.status.success(), "no chain specification");
    let mut spec: Value = serde_json::from_slice(&output.stdout)?;
    spec["chainType"] = "Local".into();
    spec["finalityDepth"] = FINALITY_DEPTH.into();
    change(&mut spec);
    fs::write(path, spec.to_string())?;
    Ok(())
}
