//! `fedchain block` and `fedchain status`.

use std::{fmt, str::FromStr};

use clap::Args;
use fedchain_fl::H256;
use fedchain_learn::data::nearest;
use serde::{
    Deserialize, Serialize,
    de::{Error as _, IntoDeserializer, value},
};
use serde_json::json;

use super::Common;
use crate::{
    Error,
    chain::{
        AccountId, BlockRecord,
        query::{Balance, NodeStatus},
    },
    keys, phase,
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Block {
    /// Height, or hash with 0x.
    block: BlockId,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Show the balance of this key's account as well.
    #[arg(long, env = "FEDCHAIN_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// A block by height or hash.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum BlockId {
    Number(u32),
    Hash(H256),
}

impl FromStr for BlockId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let block = match text.starts_with("0x") {
            true => H256::deserialize(text.into_deserializer()).map(Self::Hash),
            false => text.parse().map(Self::Number).map_err(value::Error::custom),
        };
        block.map_err(|_| "a height, or a hash of 64 hex digits after 0x, is expected".into())
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Hash(hash) => write!(f, "{hash:?}"),
        }
    }
}

impl Block {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let record = common.connect().await?.block_record(self.block).await?;
        common.print(&record, || show(&record));
        Ok(())
    }
}

impl Status {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let chain = common.connect().await?;
        let node = chain.status().await?;
        let account = match &self.key {
            Some(key) => {
                let account = keys::account(&keys::load(key)?);
                Some((account, chain.balance(&account, chain.best().await?).await?))
            }
            None => None,
        };
        let value = json!({ "node": node, "account": account.as_ref().map(balance_value) });
        common.print(&value, || status(&node, account.as_ref()));
        Ok(())
    }
}

fn balance_value((account, balance): &(AccountId, Balance)) -> serde_json::Value {
    let holds: serde_json::Map<_, _> = balance
        .holds
        .iter()
        .map(|(reason, amount)| (reason.clone(), json!(amount.0.to_string())))
        .collect();
    json!({
        "address": account,
        "free": balance.free.0.to_string(),
        "held": balance.held.0.to_string(),
        "usable": balance.usable.0.to_string(),
        "holds": holds,
    })
}

fn status(node: &NodeStatus, account: Option<&(AccountId, Balance)>) -> String {
    let syncing = if node.syncing { ", syncing" } else { "" };
    let mut lines = vec![
        format!("node       {}{syncing}", node.node),
        format!("chain      {}, genesis {:?}", node.chain, node.genesis),
        format!("best       block {}", node.best),
        format!("finalised  block {}", node.finalised),
        format!("peers      {}", node.peers),
    ];
    if let Some((account, balance)) = account {
        lines.push(format!("account    {account}"));
        lines.push(format!(
            "free       {} ({} to spend)",
            balance.free, balance.usable
        ));
        lines.push(format!("held       {}", balance.held));
        let holds = balance.holds.iter();
        lines.extend(holds.map(|(reason, amount)| format!("  {reason:<14} {amount}")));
    }
    lines.join("\n")
}

fn show(record: &BlockRecord) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".into());
    let mut lines = vec![
        format!("index          {}", record.index),
        format!("hash           {:?}", record.hash),
        format!("previous_hash  {:?}", record.previous_hash),
        format!("timestamp      {} ms", record.timestamp),
        format!("nonce          {}", or_none(record.nonce.clone())),
        format!("difficulty     {}", or_none(record.difficulty.clone())),
        format!(
            "author         {}",
            or_none(record.author.as_ref().map(ToString::to_string))
        ),
    ];
    lines.extend(record.client_models.iter().map(|model| {
        let what = match (&model.commitment, &model.values_root, model.sample_count) {
            (Some(commitment), _, _) => format!("commitment {commitment:?}"),
            (None, Some(root), Some(rows)) => {
                let noise = model.privacy.map_or_else(String::new, |privacy| {
                    let (epsilon, delta) = (nearest(privacy.epsilon), nearest(privacy.delta));
                    format!(", declared private, epsilon {epsilon} and delta {delta:e}")
                });
                let rows = count(rows, "row");
                format!("update from {rows}{noise}, root {root:?}")
            }
            _ => String::new(),
        };
        format!(
            "client model   {} in federation {} round {}: {what}",
            model.client, model.federation, model.round
        )
    }));
    lines.extend(record.server_models.iter().map(|model| {
        format!(
            "server model   federation {} round {}: {}, root {:?}",
            model.federation,
            model.round,
            phase::inline(&model.outcome),
            model.model_root
        )
    }));
    lines.join("\n")
}
