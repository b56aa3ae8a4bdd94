//! A full node of fedchain: mines, keeps the chain and answers over RPC.
//!
//! [`cli`] is what was typed, [`command`] picks what to do, [`service`] wires a node together. [`pow`]
//! says when a block is valid, `import` lets blocks in and weighs them, `mining` finds new ones,
//! `finality` buries old ones, `reorgs` and `activity` count what happens.

#![allow(
    clippy::result_large_err,
    reason = "the errors are those of sc-cli and sc-service"
)]

mod activity;
mod chain_spec;
pub mod cli;
pub mod command;
mod finality;
mod import;
mod metrics;
mod mining;
mod pool_tasks;
pub mod pow;
mod reorgs;
mod rpc;
pub mod service;
