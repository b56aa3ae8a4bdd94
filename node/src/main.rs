//! fedchain-node: a full node of fedchain that mines, keeps the chain and answers over RPC.
//!
//! `cli` is what was typed, `command` picks what to do, `service` wires a node together. `pow`
//! says when a block is valid, `mining` finds new ones, `finality` buries old ones.

#![allow(
    clippy::result_large_err,
    reason = "the errors are those of sc-cli and sc-service"
)]

mod chain_spec;
mod cli;
mod command;
mod finality;
mod import;
mod mining;
mod pool_tasks;
mod pow;
mod rpc;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
