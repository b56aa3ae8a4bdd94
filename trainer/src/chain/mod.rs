//! A node, by RPC: reading at the best block, and sending calls.
//!
//! Blocks finalise late on a proof-of-work chain, so protocol state is read at the BEST block, and
//! whoever uses it must be ready to see it change: [`crate::session`] decides anew on every block.
//!
//! - [`blocks`]: headers, bodies, and what a block's state proves.
//! - [`code`]: the runtime's code, run here, for metadata that need not be believed; [`runtime`]: a
//!   block read by that metadata; `bounded` keeps hostile types from hanging it.
//! - [`signature`]: whose a transaction is, and what is to be signed.
//! - [`query`]: federations, rounds, models, records, accounts.
//! - [`call`]: the calls: plain SCALE, and the indices that the node's metadata must give.
//! - [`submit`]: signing, sending, and what became of it; `reason` says why a call failed.

pub mod blocks;
mod bounded;
pub mod call;
pub mod code;
pub mod query;
mod reason;
pub mod runtime;
pub mod signature;
pub mod submit;

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use fedchain_fl::{H256, view};
use futures::FutureExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::LegacyBackend,
    client::OnlineClientAtBlock,
    config::{RpcConfigFor, substrate::SubstrateHeader},
    rpcs::{
        self, LegacyRpcMethods, RpcClient,
        client::{RpcParams, RpcSubscription},
        rpc_params,
    },
};

use crate::{Error, address::websocket};

pub use subxt::utils::AccountId32 as AccountId;

/// A federation as the node answers it.
pub type FederationView = view::FederationView<AccountId, u128>;
/// A line of the list of federations.
pub type FederationSummary = view::FederationSummary<AccountId>;
/// The record of a block.
pub type BlockRecord = view::BlockRecord<AccountId>;
type Methods = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// Longest silence of a node before the connection is tried.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A block's place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: u32,
    /// Hash of the header.
    pub hash: H256,
}

/// A block's time, and how fast the chain goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Height of the block.
    pub block: u32,
    /// On-chain time of the block, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The time between blocks that the chain aims at, in milliseconds.
    pub block_time_ms: u64,
}

/// When a block is believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Wait {
    /// When it is in the best chain, which may still change.
    #[default]
    Best,
    /// When it is final.
    #[value(name = "finalised", alias = "finalized")]
    Finalised,
}

/// A connection to a node.
#[derive(Debug)]
pub struct Chain {
    url: String,
    wait: Wait,
    /// Tip of the next transaction, in the smallest unit: one more than that of one whose fate is unknown, so
    /// that it takes its place in every pool.
    tip: AtomicU32,
    /// The least that transactions bid, in the smallest unit.
    bid: AtomicU64,
    rpc: RpcClient,
    methods: Methods,
    client: OnlineClient<SubstrateConfig>,
}

impl Chain {
    /// Connects to the node at `url`, in any form that [`websocket`] takes; `wait` says when a sent transaction is done.
    ///
    /// # Errors
    /// [`Error::Unreachable`], or [`Error::Denied`] when something answers that takes no connection.
    pub async fn connect(url: &str, wait: Wait) -> Result<Self, Error> {
        let url = websocket(url);
        let rpc = RpcClient::from_insecure_url(&url)
            .await
            .map_err(|error| not_connected(&url, cause(&error)))?;
        let backend = LegacyBackend::builder().build(rpc.clone());
        let client = OnlineClient::from_backend(Arc::new(backend))
            .await
            .map_err(|error| not_connected(&url, cause(&error)))?;
        let methods = LegacyRpcMethods::new(rpc.clone());
        Ok(Self {
            url,
            wait,
            tip: AtomicU32::new(0),
            bid: AtomicU64::new(0),
            rpc,
            methods,
            client,
        })
    }

    /// Hash of the chain's genesis block.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// Bids so much, in the smallest unit, for a place in a block from now on.
    pub fn bid(&self, tip: u64) {
        self.bid.store(tip, Ordering::Relaxed);
    }

    /// The best block.
    ///
    /// # Errors
    /// [`Error::Lost`] when the connection broke.
    pub async fn best(&self) -> Result<Head, Error> {
        let hash = self.methods.chain_get_block_hash(None).await;
        let hash = self.answer("chain_getBlockHash", hash)?;
        self.head(hash.ok_or_else(|| Error::Protocol("the node has no best block".into()))?)
            .await
    }

    /// The newest finalised block.
    ///
    /// # Errors
    /// As [`Self::best`].
    pub async fn finalised(&self) -> Result<Head, Error> {
        let hash = self.methods.chain_get_finalized_head().await;
        self.head(self.answer("chain_getFinalizedHead", hash)?)
            .await
    }

    async fn head(&self, hash: H256) -> Result<Head, Error> {
        let number = self.header(hash).await?.number;
        Ok(Head { number, hash })
    }

    /// Hash of the best chain's block at a height.
    ///
    /// # Errors
    /// As [`Self::best`]; [`Error::Impossible`] when the chain is shorter.
    pub async fn block_hash(&self, number: u32) -> Result<H256, Error> {
        let hash = self.methods.chain_get_block_hash(Some(number.into())).await;
        self.answer("chain_getBlockHash", hash)?
            .ok_or_else(|| Error::Impossible(format!("the chain has no block {number} yet")))
    }

    /// Follows the best block.
    ///
    /// # Errors
    /// As [`Self::best`].
    pub async fn heads(&self) -> Result<Heads<'_>, Error> {
        let headers = self.methods.chain_subscribe_new_heads().await;
        Ok(Heads {
            chain: self,
            headers: self.answer("chain_subscribeNewHeads", headers)?,
        })
    }

    /// Whether the node is far behind its peers.
    ///
    /// # Errors
    /// [`Error::Lost`] when the connection broke.
    pub async fn is_syncing(&self) -> Result<bool, Error> {
        let health = self.methods.system_health().await;
        Ok(self.answer("system_health", health)?.is_syncing)
    }

    /// Whether the chain is one on which the keys of all accounts with money may be known to everybody.
    ///
    /// # Errors
    /// [`Error::Lost`] when the connection broke.
    pub async fn is_for_development(&self) -> Result<bool, Error> {
        // A type of its own is no text.
        let kind: Value = self.request("system_chainType", rpc_params![]).await?;
        Ok(kind == "Development")
    }

    /// Waits until the best block has moved on so many times.
    ///
    /// # Errors
    /// [`Error::Lost`] when the connection broke.
    pub async fn pass(&self, blocks: u32) -> Result<(), Error> {
        let mut heads = self.heads().await?;
        for _ in 0..blocks {
            heads.next().await?;
        }
        Ok(())
    }

    /// Metadata and state at a block.
    async fn at(&self, head: Head) -> Result<OnlineClientAtBlock<SubstrateConfig>, Error> {
        match self
            .client
            .at_block_hash_and_number(head.hash, head.number.into())
            .await
        {
            Ok(at) => Ok(at),
            Err(error) => Err(self.classify(error).await),
        }
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: &str,
        params: RpcParams,
    ) -> Result<T, Error> {
        self.answer(method, self.rpc.request(method, params).await)
    }

    /// Sorts what an RPC method answered: a broken connection, a refusal, or the answer.
    fn answer<T>(&self, method: &str, answer: Result<T, rpcs::Error>) -> Result<T, Error> {
        answer.map_err(|error| match error {
            // It is asked again, by a connection of its own.
            rpcs::Error::User(refused) if refused.code == BUSY_CODE => Error::Lost {
                url: self.url.clone(),
                reason: refused.message,
            },
            rpcs::Error::User(refused) => Error::Node {
                method: method.to_owned(),
                message: refused.message,
            },
            rpcs::Error::Client(_) => Error::Lost {
                url: self.url.clone(),
                reason: cause(&error),
            },
            other => Error::Protocol(format!("{method}: {other}")),
        })
    }

    /// A connection that ended.
    fn closed(&self) -> Error {
        Error::Lost {
            url: self.url.clone(),
            reason: "it was closed".into(),
        }
    }

    /// Sorts an error of subxt, which hides its causes: does the node still answer?
    async fn classify(&self, error: impl Display) -> Error {
        let still_there = self.methods.system_chain().await;
        let reason = error.to_string();
        match self.answer("system_chain", still_there) {
            // Asked by subxt itself.
            Ok(_) if reason.contains(&format!("({BUSY_CODE})")) => Error::Lost {
                url: self.url.clone(),
                reason,
            },
            Ok(_) => Error::Protocol(reason),
            Err(lost) => lost,
        }
    }
}

/// The best block as it moves on.
#[derive(Debug)]
pub struct Heads<'a> {
    chain: &'a Chain,
    headers: RpcSubscription<SubstrateHeader<H256>>,
}

impl Heads<'_> {
    /// Waits for a new best block, and skips those that came meanwhile.
    ///
    /// # Errors
    /// [`Error::Lost`] when the connection broke.
    pub async fn next(&mut self) -> Result<(), Error> {
        // On silence the caller asks the node, which shows whether it is still there.
        let Ok(mut header) = tokio::time::timeout(SILENCE_MAX, self.headers.next()).await else {
            return Ok(());
        };
        while let Some(Ok(_)) = header {
            match self.headers.next().now_or_never() {
                Some(newer) => header = newer,
                None => return Ok(()),
            }
        }
        Err(self.chain.closed())
    }
}

/// The code of a request that can be made again later.
const BUSY_CODE: i32 = 7_001;
/// How the RPC client says that the other side answered the handshake with an HTTP status.
const REJECTED: &str = "Connection rejected with status code: ";

/// Why there is no connection to `url`.
fn not_connected(url: &str, reason: String) -> Error {
    let url = url.to_owned();
    match reason.strip_prefix(REJECTED) {
        Some(status) => Error::Denied {
            url,
            status: status.to_owned(),
        },
        None => Error::Unreachable { url, reason },
    }
}

/// The innermost cause: the only part of a connection's error that says something to people.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    loop {
        // The RPC client's own wrapper does not name its source.
        cause = match (cause.downcast_ref(), cause.source()) {
            (Some(rpcs::Error::Client(inner)), _) => &**inner,
            (_, Some(inner)) => inner,
            (_, None) => return cause.to_string(),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// What connecting to a server on this machine ends with, which gives one answer and closes.
    async fn connect(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4_096]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let error = Chain::connect(&url, Wait::Best).await.unwrap_err();
        server.join().unwrap();
        assert_eq!(error.exit_code(), 3);
        error.to_string().replace(&url, "URL")
    }

    #[tokio::test]
    async fn a_refused_handshake_is_told_from_a_missing_node() {
        let denied = connect("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(
            denied,
            "the node at URL refused the connection (403): unless it runs with --rpc-cors all, it \
             answers under the names localhost and 127.0.0.1 only"
        );
        let silent = connect("").await;
        assert!(silent.starts_with("no node answers at URL ("), "{silent}");
    }
}
