//! One node, one federation on the diabetes data, and the folder where all of it lives.

use std::{fs, path::PathBuf};

use anyhow::Result;
use fedchain_test_support::{CLIENTS, Cli, FIXED_SPLIT, Node, Parts, Task, Trainer, open};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A node with a federation that both clients have joined.
pub struct World {
    /// The node.
    pub node: Node,
    /// A user's command line, connected to it.
    pub cli: Cli,
    /// The data of both clients, and the rows held out.
    pub parts: Parts,
    /// Number of the federation.
    pub federation: u32,
    folder: TempDir,
}

impl World {
    /// Starts a node, creates the federation of `rounds` rounds and lets both clients join.
    pub async fn new(rounds: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let node = Node::start(&folder.path().join("node.log"), &[]).await?;
        let cli = Cli::new(node.url())?;
        let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
        let spec = folder.path().join("federation.toml");
        fs::write(&spec, with_rounds(Task::Diabetes.toml(), rounds))?;
        let federation = open(&cli, &spec).await?;
        Ok(Self {
            node,
            cli,
            parts,
            federation,
            folder,
        })
    }

    /// A path in this world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the trainer of client 0 or 1 at the node.
    pub fn trainer(&self, client: usize) -> Result<Trainer> {
        self.trainer_at(client, &self.cli)
    }

    /// Starts the trainer of client 0 or 1 at another address.
    pub fn trainer_at(&self, client: usize, cli: &Cli) -> Result<Trainer> {
        let data = &self.parts.clients[client];
        let state = self.path(&format!("state-{client}"));
        Trainer::start(cli, self.federation, CLIENTS[client], data, &state, &[])
    }

    /// The federation as the node sees it.
    pub async fn state(&self) -> Result<Value> {
        self.node
            .rpc("federation_get", json!([self.federation]))
            .await
    }

    /// The record of a closed round.
    pub async fn round(&self, round: u32) -> Result<Value> {
        let view = self
            .node
            .rpc("federation_round", json!([self.federation, round]))
            .await?;
        Ok(view["record"].clone())
    }

    /// What the account behind a key owns, by `fedchain status`.
    pub async fn status(&self, key: &str) -> Result<Value> {
        self.cli.json(&["status", "--key", key]).await
    }
}

/// The same federation file with another number of rounds.
fn with_rounds(toml: &str, rounds: u32) -> String {
    toml.lines()
        .map(|line| match line.starts_with("rounds_max") {
            true => format!("rounds_max = {rounds}\n"),
            false => format!("{line}\n"),
        })
        .collect()
}
