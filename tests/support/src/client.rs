//! One client: an account and a connection.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use codec::{Decode, Encode};
use fedchain_runtime::{AccountId, RuntimeCall};
use futures::future::try_join_all;
use serde_json::Value;
use sp_core::{Bytes, H256, Pair, bytes::to_hex, sr25519};
use subxt_rpcs::{RpcClient, rpc_params};

use crate::{Node, extrinsic::sign_for};

/// A client that can sign and send.
pub struct Client {
    key: sr25519::Pair,
    rpc: RpcClient,
    genesis: H256,
    nonce: u32,
}

/// When, after it was sent, a transaction was accepted and included.
#[derive(Clone, Copy)]
pub struct Sent {
    /// Until the node took it.
    pub accepted: Duration,
    /// Until it was in a block.
    pub included: Duration,
}

impl Client {
    /// Opens a connection for a development key.
    ///
    /// # Errors
    /// When there is no such key, or the node does not answer.
    pub async fn connect(node: &Node, key: &str) -> Result<Self> {
        let rpc = RpcClient::from_insecure_url(node.url()).await?;
        let genesis = rpc.request("chain_getBlockHash", rpc_params![0]).await?;
        let key = sr25519::Pair::from_string(key, None).map_err(|_| anyhow!("no key {key}"))?;
        let account = AccountId::from(key.public());
        let nonce = rpc.request("system_accountNextIndex", rpc_params![account]);
        Ok(Self {
            nonce: nonce.await?,
            key,
            rpc,
            genesis,
        })
    }

    /// Its account.
    pub fn account(&self) -> AccountId {
        self.key.public().into()
    }

    /// Sends calls, all at once, and waits until each is in a block.
    ///
    /// # Errors
    /// When the node refuses or loses one.
    pub async fn send_all(&mut self, calls: Vec<RuntimeCall>) -> Result<Vec<Sent>> {
        let signed: Vec<Vec<u8>> = (self.nonce..)
            .zip(calls)
            .map(|(nonce, call)| sign_for(self.genesis, &self.key, nonce, 0, call).encode())
            .collect();
        self.nonce += signed.len() as u32;
        try_join_all(signed.iter().map(|bytes| self.send(bytes))).await
    }

    /// Sends a call with a tip, and waits only until the node has taken it.
    ///
    /// # Errors
    /// When the node refuses it.
    pub async fn submit(&mut self, call: RuntimeCall, tip: u128) -> Result<()> {
        let bytes = sign_for(self.genesis, &self.key, self.nonce, tip, call).encode();
        self.nonce += 1;
        let params = rpc_params![to_hex(&bytes, false)];
        let _: H256 = self.rpc.request("author_submitExtrinsic", params).await?;
        Ok(())
    }

    /// How many of its transactions wait for a block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn waiting(&self) -> Result<u32> {
        let account = to_hex(&self.account().encode(), false);
        let params = rpc_params!["AccountNonceApi_account_nonce", account];
        let next: Bytes = self.rpc.request("state_call", params).await?;
        Ok(self.nonce - u32::decode(&mut &next[..])?)
    }

    async fn send(&self, bytes: &[u8]) -> Result<Sent> {
        let start = Instant::now();
        let mut watch = self
            .rpc
            .subscribe::<Value>(
                "author_submitAndWatchExtrinsic",
                rpc_params![to_hex(bytes, false)],
                "author_unwatchExtrinsic",
            )
            .await?;
        let accepted = start.elapsed();
        while let Some(status) = watch.next().await {
            let status = status?;
            if status.get("inBlock").is_some() {
                let included = start.elapsed();
                return Ok(Sent { accepted, included });
            }
            if ["invalid", "dropped"].iter().any(|end| status == *end) {
                bail!("an accepted transaction was lost: {status}");
            }
        }
        Err(anyhow!("the connection was closed")).context("waiting for a block")
    }
}

/// A transfer.
pub fn transfer_to(to: AccountId, value: u128) -> RuntimeCall {
    let dest = to.into();
    pallet_balances::Call::transfer_keep_alive { dest, value }.into()
}
