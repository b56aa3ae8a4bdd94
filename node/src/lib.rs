//! A full node of fedchain: mines, keeps the chain and answers over RPC.
//!
//! [`cli`] is what was typed, [`command`] picks what to do, `ports` looks whether the node can listen,
//! [`service`] wires it together. [`pow`] says when a seal is valid, [`headers`] what the headers add up
//! to, `sync` which blocks are fetched from peers, `import` lets them in and picks the best, `mining`
//! finds new ones, `finality` buries old ones, `rpc` answers requests, `tasks` starts what every node
//! runs beside, `reorgs` and `activity` count what happens, and [`stop`] ends it.

#![allow(
    clippy::result_large_err,
    reason = "the errors are those of sc-cli and sc-service"
)]

mod activity;
mod chain_spec;
pub mod cli;
pub mod command;
mod finality;
pub mod headers;
mod import;
mod metrics;
mod mining;
mod network;
mod pool_tasks;
mod ports;
pub mod pow;
mod reorgs;
mod rpc;
pub mod service;
pub mod stop;
mod sync;
mod tasks;
