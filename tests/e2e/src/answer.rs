//! An answer to a round that no trainer would make: its bytes are the test's.

use std::time::Duration;

use anyhow::{Context, Result};
use fedchain_commitment::{Opening, parts, values_root};
use fedchain_fl::H256;
use fedchain_runtime::{AccountId, RuntimeCall};
use fedchain_test_support::Node;
use serde_json::{Value, json};
use tokio::time::sleep;

const SALT: [u8; 32] = [7; 32];

/// A commitment and what it opens to, in one part.
pub struct Answer {
    opening: Opening<AccountId>,
    bytes: Vec<u8>,
}

impl Answer {
    /// The answer of `account` to the federation's current round: canonical bytes, made of so many rows.
    ///
    /// # Errors
    /// When there is no such federation.
    pub async fn new(
        node: &Node,
        federation: u32,
        account: AccountId,
        rows: u32,
        bytes: Vec<u8>,
    ) -> Result<Self> {
        let view = node.rpc("federation_get", json!([federation])).await?;
        let number = |field: &str| view[field].as_u64().map(|number| number as u32);
        let opening = Opening {
            genesis: hash(node.rpc("chain_getBlockHash", json!([0])).await?)?,
            federation,
            round: number("round").context("no round")?,
            spec_hash: hash(view["spec_hash"].clone())?,
            base_root: hash(view["model_root"].clone())?,
            account,
            sample_count: rows,
            privacy: None,
            param_count: number("param_count").context("no weights")?,
            values_root: values_root(&bytes),
            salt: SALT,
        };
        Ok(Self { opening, bytes })
    }

    /// The call that commits to it.
    pub fn commit(&self) -> RuntimeCall {
        let Opening {
            federation,
            round,
            base_root,
            ..
        } = self.opening;
        let commitment = self.opening.commitment();
        pallet_federation::Call::commit {
            federation,
            round,
            base_root,
            commitment,
        }
        .into()
    }

    /// Waits until the next block takes reveals.
    ///
    /// # Errors
    /// When the node does not answer, or not as it should.
    pub async fn wait_for_reveals(&self, node: &Node) -> Result<()> {
        loop {
            let view = json!([self.opening.federation]);
            let view = node.rpc("federation_get", view).await?;
            let header = node.rpc("chain_getHeader", json!([])).await?;
            let best = header["number"].as_str().context("no number")?;
            let best = u64::from_str_radix(best.trim_start_matches("0x"), 16)?;
            let opens_at = view["phase"]["opens_at"].as_u64();
            if opens_at.is_some_and(|opens_at| opens_at <= best + 1) {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The call that reveals it.
    ///
    /// # Errors
    /// When it has no bytes.
    pub fn reveal(&self) -> Result<RuntimeCall> {
        let part = parts(&self.bytes).pop().context("it is empty")?;
        let call = pallet_federation::Call::reveal {
            federation: self.opening.federation,
            round: self.opening.round,
            sample_count: self.opening.sample_count,
            privacy: self.opening.privacy,
            salt: self.opening.salt,
            part,
        };
        Ok(call.into())
    }
}

fn hash(value: Value) -> Result<H256> {
    Ok(serde_json::from_value(value)?)
}
