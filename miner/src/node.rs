//! The node's mining methods.

use fedchain_pow::U256;
use serde::Deserialize;
use std::fmt;
use subxt_rpcs::{Error, RpcClient, UserError, rpc_params};

use crate::search::{Seal, Work};

/// The node's code for having no work.
const NO_WORK: i32 = 9_101;
/// The node's codes for refused seals: stale, duplicate, wrong.
const REFUSED: std::ops::RangeInclusive<i32> = 9_102..=9_104;

/// The code of a method that is not there, or not for this caller: then the message says so.
const NOT_SERVED: i32 = -32_601;
const UNSAFE: &str = "unsafe";

/// A connection to a node.
pub struct Node {
    rpc: RpcClient,
    url: String,
}

/// Why a node did not do what was asked.
pub enum Failure {
    /// It has no work now.
    NoWork(String),
    /// It refused a seal.
    Refused(String),
    /// It cannot be reached, or does not mine.
    Node(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWork(text) | Self::Refused(text) | Self::Node(text) => f.write_str(text),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkView {
    job: u64,
    number: u32,
    pre_hash: String,
    difficulty: String,
}

impl Node {
    /// Connects to a node.
    pub async fn connect(url: &str) -> Result<Self, Failure> {
        let url = websocket(url);
        match RpcClient::from_insecure_url(&url).await {
            Ok(rpc) => Ok(Self { rpc, url }),
            Err(error) => Err(Failure::Node(format!("no node answers at {url} ({error})"))),
        }
    }

    /// The work at hand.
    pub async fn work(&self) -> Result<Work, Failure> {
        let work: WorkView = self
            .rpc
            .request("mining_getWork", rpc_params![])
            .await
            .map_err(|error| self.failure(error))?;
        let pre_hash = U256::from_str_radix(&work.pre_hash, 16);
        let difficulty = U256::from_dec_str(&work.difficulty);
        let (Ok(pre_hash), Ok(difficulty)) = (pre_hash, difficulty) else {
            let text = format!("{} answers with work that makes no sense", self.url);
            return Err(Failure::Node(text));
        };
        Ok(Work {
            job: work.job,
            number: work.number,
            pre_hash: pre_hash.to_big_endian(),
            difficulty,
        })
    }

    /// Hands a seal in; answers the height of its block.
    pub async fn submit(&self, work: &Work, seal: Seal) -> Result<u32, Failure> {
        let nonce = format!("{:#018x}", seal.nonce);
        self.rpc
            .request("mining_submitWork", rpc_params![work.job, nonce])
            .await
            .map_err(|error| self.failure(error))
    }

    fn failure(&self, error: Error) -> Failure {
        match error {
            Error::User(UserError {
                code: NO_WORK,
                message,
                ..
            }) => Failure::NoWork(message),
            Error::User(UserError { code, message, .. }) if REFUSED.contains(&code) => {
                Failure::Refused(message)
            }
            Error::User(UserError {
                code: NOT_SERVED,
                message,
                ..
            }) => Failure::Node(not_served(&self.url, &message)),
            Error::User(error) => Failure::Node(format!("{} refused: {}", self.url, error.message)),
            other => Failure::Node(format!("the node at {} went away ({other})", self.url)),
        }
    }
}

/// Why a node does not serve the mining methods.
fn not_served(url: &str, message: &str) -> String {
    match message.contains(UNSAFE) {
        true => format!(
            "the node at {url} does not serve its mining methods to this program: run it on the node's own \
             machine, where a node serves them unless it runs with --rpc-methods safe; or, in a private network \
             only, start the node with --rpc-methods unsafe"
        ),
        false => format!(
            "the node at {url} does not mine: start it with --mine (and --mining-threads 0 to leave the search \
             to this program)"
        ),
    }
}

/// The WebSocket address that is meant: `http` is taken as `ws`, and so is what names no scheme.
fn websocket(typed: &str) -> String {
    match typed.split_once("://") {
        None => format!("ws://{typed}"),
        Some(("http", rest)) => format!("ws://{rest}"),
        Some(("https", rest)) => format!("wss://{rest}"),
        Some(_) => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_mines_for_itself_is_told_from_one_that_does_not() {
        let check = |message, expected| {
            let found = not_served("ws://n", message);
            assert!(found.contains(expected), "{found}");
        };
        check("Method not found", "does not mine: start it with --mine");
        check(
            "RPC call is unsafe to be called externally",
            "run it on the node's own machine",
        );
    }

    #[test]
    fn addresses_may_lack_their_scheme() {
        for (typed, expected) in [
            ("127.0.0.1:9944", "ws://127.0.0.1:9944"),
            ("http://n:1", "ws://n:1"),
            ("https://n:1", "wss://n:1"),
            ("wss://n:1", "wss://n:1"),
        ] {
            assert_eq!(websocket(typed), expected);
        }
    }
}
