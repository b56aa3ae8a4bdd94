//! The command line: typed words become validated arguments, a library does the work.
//!
//! One file per group of commands; [`output`] prints.

mod audit;
mod certify;
mod evaluate;
mod federation;
mod initial;
mod inspect;
mod key;
mod membership;
mod model;
pub mod output;
mod phase;
mod receipt;
mod train;
mod verify;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    chain::{Chain, Wait, call::Call, submit::Included},
    error::EXIT_CODES,
    keys,
};
use output::Output;

/// Federated learning on a ledger: train beside your data, verify what became of it.
#[derive(Debug, Parser)]
#[command(name = "fedchain", version, about, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Address of the node's RPC.
    #[arg(
        long,
        global = true,
        env = "FEDCHAIN_URL",
        default_value = "ws://127.0.0.1:9944"
    )]
    url: String,
    /// When to believe a block: at once, or when no fork can take it back (so many blocks later as
    /// the chain's depth of finality says). `train` takes its steps at once, or it would miss its
    /// windows, and believes the end of the federation then.
    #[arg(long, global = true, value_enum, default_value_t)]
    wait: Wait,
    /// What standard output carries: lines for people, or one JSON value per line.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make and show keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Create, show and govern federations.
    #[command(subcommand)]
    Federation(federation::Command),
    /// Become a client of a federation.
    Join(membership::Join),
    /// Stop being a client: at once while the federation waits, else when the round ends.
    Leave(membership::Leave),
    /// Take part in a federation's rounds with your own data, until its end.
    Train(train::Train),
    /// Judge a federation's models with rows that nobody trains on; by evaluators, until its end.
    Evaluate(evaluate::Evaluate),
    /// Solve a federation's regression and have its model certified; needed only for certificates
    /// that leave clients out, the first is handed in by `train`.
    Certify(certify::Certify),
    /// Show how close a model is proven to be to the optimum of whose rows.
    Certificate(certify::Certificate),
    /// Fetch, evaluate and use server models.
    #[command(subcommand)]
    Model(model::Command),
    /// Recompute every server model of a federation from the chain's blocks.
    Verify(verify::Verify),
    /// Check the whole chain from its blocks: headers, work, bodies, and every server model of every
    /// federation.
    Audit(audit::Audit),
    /// Keep and check proofs that an update is in a server model.
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Show the record of a block.
    Block(inspect::Block),
    /// Show the node, and an account where a key is given.
    Status(inspect::Status),
}

/// The key that signs.
#[derive(Debug, Clone, Args)]
struct KeyArg {
    /// Key: a development URI like //Alice, a file with mode 600, or - for a phrase on standard
    /// input.
    #[arg(long)]
    key: String,
}

impl KeyArg {
    fn load(&self) -> Result<Keypair, Error> {
        Ok(keys::load(&self.key)?)
    }
}

impl Common {
    async fn connect(&self) -> Result<Chain, Error> {
        Chain::connect(&self.url, self.wait).await
    }

    fn print<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) {
        output::print(self.format, value, text);
    }

    /// Sends a call and prints `done` with the block that executed it.
    async fn send(
        &self,
        chain: &Chain,
        key: &Keypair,
        call: &Call,
        done: &str,
    ) -> Result<Included, Error> {
        let included = chain.submit(key, call).await?;
        self.report(&included, call, done);
        Ok(included)
    }

    /// Prints `done` with the block that executed a call.
    fn report(&self, included: &Included, call: &Call, done: &str) {
        let block = included.block.number;
        let value = serde_json::json!({ "call": call.name(), "block": block });
        self.print(&value, || format!("{done} (block {block})"));
    }
}

impl Cli {
    /// What standard output carries.
    pub fn output(&self) -> Output {
        self.common.format
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// Why it could not be done.
    pub async fn run(self) -> Result<(), Error> {
        let common = &self.common;
        match self.command {
            Command::Key(command) => command.run(common),
            Command::Federation(command) => command.run(common).await,
            Command::Join(command) => command.run(common).await,
            Command::Leave(command) => command.run(common).await,
            Command::Train(command) => command.run(common).await,
            Command::Evaluate(command) => command.run(common).await,
            Command::Certify(command) => command.run(common).await,
            Command::Certificate(command) => command.run(common).await,
            Command::Model(command) => command.run(common).await,
            Command::Verify(command) => command.run(common).await,
            Command::Audit(command) => command.run(common).await,
            Command::Receipt(command) => command.run(common).await,
            Command::Block(command) => command.run(common).await,
            Command::Status(command) => command.run(common).await,
        }
    }
}

/// Reads a file of the user.
fn read_file(path: &std::path::Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| file_error(path, error))
}

/// Writes a file for the user.
fn write_file(path: &std::path::Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| file_error(path, error))
}

fn file_error(path: &std::path::Path, reason: impl ToString) -> Error {
    Error::File {
        file: path.display().to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests;
