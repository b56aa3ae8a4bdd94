//! The federated-learning client of fedchain: what the command `fedchain` is made of.
//!
//! ```text
//! CSV --data--> rows --learn--> update --session--> commit, reveal --chain--> node
//!                                 |
//!                               store (on disk before the commitment is sent)
//! ```
//!
//! - [`fedchain_learn`] knows nothing of the chain: rows in, quantised weights out.
//! - [`chain`] reads a node by RPC and sends calls to it.
//! - [`session`] takes part in a federation until it ends; each step follows from the chain's best
//!   block and the files of [`store`], so that a restart of either side is no special case.
//! - [`phase`] says in words where a federation stands, [`words`] what it does.
//! - [`rows`] reads a user's rows.
//! - [`evaluate`] judges its models on rows that nobody trains on.
//! - [`verify`] recomputes every server model from what the clients sent.
//! - [`serve`] is the same federation without a chain, to measure what the chain costs.
//! - [`watch`] shows all that in a terminal.
//! - [`cli`] is the command line on top.
//!
//! Rows of clients never leave [`fedchain_learn`]: only weights, a sample count and a salt do. Those
//! of evaluators become public, with their consent.

pub mod address;
pub mod amount;
pub mod card;
pub mod certify;
pub mod chain;
pub mod cli;
pub mod error;
pub mod evaluate;
pub mod keys;
pub mod phase;
pub mod rows;
pub mod serve;
pub mod session;
pub mod store;
pub mod verify;
pub mod watch;
pub mod words;

pub use error::Error;
