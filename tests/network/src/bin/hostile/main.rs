//! fedchain-hostile: a node that does what no honest node does.
//!
//! It takes the flags of `fedchain-node`; its `--name` says what it does: announce blocks that are not
//! valid or not due ([`strike`]), lie to those who ask for blocks ([`liar`]), keep to its own chain
//! ([`deaf`]), or write a chain to a database and end ([`workshop`]).

#![allow(
    clippy::result_large_err,
    reason = "the errors are those of sc-cli and sc-service"
)]

mod attack;
mod deaf;
mod forgery;
mod liar;
mod relay;
mod seal;
mod strike;
mod workshop;

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use fedchain_node::{cli::Cli, service, stop};
use sc_cli::SubstrateCli;

use attack::Attack;

/// How often it attacks.
const PAUSE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let cli = Cli::read();
    let runner = cli.create_runner(&cli.run)?;
    let attack: Attack = runner.config().network.node_name.parse()?;
    match attack {
        Attack::Strike(strike) => stop::run_until_exit(runner, |config| {
            let running = service::start(config, None)?;
            let striker = strike::Striker::new(&running, strike);
            running
                .task_manager
                .spawn_essential_handle()
                .spawn_blocking("attack", None, striker.run());
            Ok(running.task_manager)
        })?,
        Attack::Lie(lie) => stop::run_until_exit(runner, |config| Ok(liar::start(config, lie)?))?,
        Attack::Serve => stop::run_until_exit(runner, |config| {
            let running = service::start_with_relay(config, |_, relay| Ok(deaf::deafen(relay)))?;
            Ok(running.task_manager)
        })?,
        Attack::Write(work) => runner.async_run(|config| workshop::open(&config, work))?,
    }
    Ok(())
}
