//! The federated-learning client of fedchain: what the command `fedchain` is made of.
//!
//! ```text
//! CSV --data--> rows --learn--> update --session--> commit, reveal --chain--> node
//!                                 |
//!                               store (on disk before the commitment is sent)
//! ```
//!
//! - [`data`] and [`learn`] know nothing of the chain: rows in, quantised weights out.
//! - [`chain`] reads a node by RPC and sends calls to it.
//! - [`session`] takes part in a federation until it ends; each step follows from the chain's best
//!   block and the files of [`store`], so that a restart of either side is no special case.
//! - [`evaluate`] judges its models on rows that nobody trains on.
//! - [`verify`] recomputes every server model from what the clients sent.
//! - [`simulate`] runs rounds in memory, without a chain.
//! - [`cli`] is the command line on top.
//!
//! Rows of clients never leave [`data`] and [`learn`]: only weights, a sample count and a salt do. Those
//! of evaluators become public, with their consent.

pub mod amount;
pub mod certify;
pub mod chain;
pub mod cli;
pub mod data;
pub mod error;
pub mod evaluate;
pub mod keys;
pub mod learn;
pub mod session;
pub mod simulate;
pub mod store;
pub mod verify;

pub use error::Error;
