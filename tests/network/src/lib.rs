//! A network of real nodes, each in its own process, and what can happen to it.
//!
//! Nothing mines by itself: nodes build templates and the test finds the seals, so that a test decides
//! how long each side of a fork is. Nodes talk to reserved peers only. Where the test may, each has a
//! network namespace, and a partition drops what they send each other; elsewhere it takes peers off the
//! lists of the other side.

mod chains;
mod disk;
mod federation;
mod look;
mod mine;
mod spec;
mod switch;

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{Cli, Node, Place, binary, free_port};
use serde_json::json;
use spec::Difficulty;
use switch::Switch;
use tempfile::TempDir;

pub use disk::SmallDisk;
pub use federation::Federation;
pub use look::Head;
pub(crate) use look::{LOOK, WAIT_MAX};
pub use mine::Miner;

/// Depth of finality on the chain of these tests.
pub const FINALITY_DEPTH: u32 = 6;

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

/// How a node is to run.
#[derive(Default)]
struct Setup<'a> {
    /// Which program it is; `fedchain-node` if none.
    program: Option<&'a str>,
    /// Arguments beside those of every node.
    args: &'a [&'a str],
    /// Folder of its database.
    base: Option<&'a Path>,
    /// What its clock says, as in [`Place::clock`].
    clock: Option<&'a str>,
    /// Whether it does not even give work to miners.
    is_idle: bool,
}

impl Network {
    /// So many nodes that all know each other, on a chain whose blocks all weigh the same.
    ///
    /// # Errors
    /// When a node does not start.
    pub async fn start(count: usize) -> Result<Self> {
        Self::new(Difficulty::SIMPLE)?.with_nodes(count).await
    }

    /// So many nodes that all know each other, on a chain whose difficulty falls to a 250th where
    /// blocks come too slowly.
    ///
    /// # Errors
    /// When a node does not start.
    pub async fn start_wide(count: usize) -> Result<Self> {
        Self::new(Difficulty::WIDE)?.with_nodes(count).await
    }

    /// No nodes yet, on a chain that keeps to this difficulty.
    ///
    /// # Errors
    /// When the programs are not built.
    pub fn with_difficulty(difficulty: u128) -> Result<Self> {
        Self::new(Difficulty {
            lowest: difficulty,
            highest: difficulty,
        })
    }

    fn new(difficulty: Difficulty) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let spec = folder.path().join("chain.json");
        spec::write(&spec, difficulty)?;
        Ok(Self {
            nodes: vec![],
            switch: Switch::new(),
            spec,
            folder,
        })
    }

    async fn with_nodes(mut self, count: usize) -> Result<Self> {
        for _ in 0..count {
            self.add(&[]).await?;
        }
        self.heal().await?;
        Ok(self)
    }

    /// Adds an honest node with more arguments; returns its place. It knows nobody yet.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add(&mut self, more: &[&str]) -> Result<usize> {
        self.add_node(Setup {
            args: more,
            ..Default::default()
        })
        .await
    }

    /// Adds a node that attacks.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_hostile(&mut self, attack: &str) -> Result<usize> {
        self.add_node(Setup {
            program: Some("fedchain-hostile"),
            args: &["--name", attack],
            ..Default::default()
        })
        .await
    }

    /// Adds an honest node whose database is in this folder.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_at(&mut self, base: &Path) -> Result<usize> {
        self.add_node(Setup {
            base: Some(base),
            ..Default::default()
        })
        .await
    }

    /// Adds a node that serves the chain in this folder, and does not leave it for another.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_server(&mut self, base: &Path) -> Result<usize> {
        self.add_node(Setup {
            program: Some("fedchain-hostile"),
            args: &["--name", "serve"],
            base: Some(base),
            is_idle: true,
            ..Default::default()
        })
        .await
    }

    /// Adds a node that mines by itself, by a clock of its own, into this folder.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_clocked(&mut self, base: &Path, clock: &str) -> Result<usize> {
        self.add_node(Setup {
            args: &["--mining-threads", "1"],
            base: Some(base),
            clock: Some(clock),
            ..Default::default()
        })
        .await
    }

    async fn add_node(&mut self, setup: Setup<'_>) -> Result<usize> {
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
        ];
        if !setup.is_idle {
            args.extend(["--mine", "--mine-alone", "--author", &author]);
            if !setup.args.contains(&"--mining-threads") {
                args.extend(["--mining-threads", "0"]);
            }
        }
        args.extend(setup.args);
        let program = setup.program.unwrap_or("fedchain-node");
        let log = self.path(&format!("node-{place}.log"));
        let namespace = self.switch.as_mut().map(|switch| switch.plug(place));
        let at = Place {
            base: setup.base.map(Path::to_owned),
            namespace: namespace.transpose()?,
            clock: setup.clock.map(str::to_owned),
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

    /// The chain's specification.
    pub fn spec(&self) -> &Path {
        &self.spec
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// A node.
    pub fn node(&self, place: usize) -> &Node {
        &self.nodes[place].node
    }

    /// A node, to kill or to resume it.
    pub fn node_mut(&mut self, place: usize) -> &mut Node {
        &mut self.nodes[place].node
    }

    /// A node's name among its peers.
    pub(crate) fn id(&self, place: usize) -> &str {
        &self.nodes[place].id
    }

    /// Where a node tells its figures.
    pub(crate) fn prometheus(&self, place: usize) -> (Ipv4Addr, u16) {
        let peer = &self.nodes[place];
        (peer.node.host(), peer.prometheus)
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
}
