//! The command line: typed words become validated arguments, a library does the work.
//!
//! One file per group of commands; [`output`] prints.

mod audit;
mod card;
mod certify;
mod config;
mod data;
mod deal;
mod dry;
mod evaluate;
mod federation;
mod foretell;
mod hyper;
mod init;
mod initial;
mod inspect;
mod key;
mod membership;
mod model;
mod noise;
pub mod output;
mod progress;
mod quality;
mod reading;
mod receipt;
mod schema;
mod serve;
mod shell;
mod signals;
mod simulate;
mod spec;
mod submit;
mod train;
mod transfer;
mod verify;
mod watch;
mod written;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process,
};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use fedchain_learn::whole::Whole;
use serde::Serialize;
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    amount::Amount,
    chain::{Chain, Wait, call::Call, submit::Included},
    error::EXIT_CODES,
    keys,
};
use config::Config;
use output::Output;

/// Federated learning on a ledger: train beside your data, verify what became of it.
#[derive(Debug, Parser)]
#[command(name = "fedchain", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Where `--help` lists what every command takes.
const COMMON: &str = "Common options";

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Address of the node's RPC.
    #[arg(
        long,
        global = true,
        help_heading = COMMON,
        env = "FEDCHAIN_URL",
        default_value = "ws://127.0.0.1:9944"
    )]
    url: String,
    /// When to believe a block: at once, or when no fork can take it back (so many blocks later as
    /// the chain's depth of finality says). `train` takes its steps at once, or it would miss its
    /// windows, and believes the end of the federation then.
    #[arg(long, global = true, help_heading = COMMON, value_enum, default_value_t)]
    wait: Wait,
    /// What standard output carries: lines for people, or one JSON value per line.
    #[arg(long, global = true, help_heading = COMMON, value_enum, default_value_t)]
    format: Output,
    /// Show what would be sent, its size and what it takes, and send nothing.
    #[arg(long, global = true, help_heading = COMMON)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keep a node, a key and a federation as defaults of all commands.
    Init(init::Init),
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
    /// Pay an account, like a client that needs money for deposits and fees.
    Transfer(transfer::Transfer),
    /// Take part in a federation's rounds with your own data, until its end.
    Train(train::Train),
    /// Take part in one round with weights that were trained elsewhere.
    Submit(submit::Submit),
    /// Run a federation without a chain: a plain server, to measure what the chain costs. Trusted, and
    /// in memory only.
    Serve(serve::Serve),
    /// Run a whole federation on this machine, without a chain: to choose a strategy and training
    /// before anybody joins.
    ///
    /// Training, aggregation and model roots are what trainers and chain would make of the same rows.
    /// --seed decides everything random: how rows are dealt and held out, who is sampled and drops
    /// out, and training itself.
    Simulate(simulate::Simulate),
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
    /// Check your rows against a federation; deal rows to clients for experiments.
    #[command(subcommand)]
    Data(data::Command),
    /// Make a federation's schema of your rows, or of names and bounds alone.
    #[command(subcommand)]
    Schema(schema::Command),
    /// Watch federations and blocks in the terminal.
    Watch(watch::Watch),
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
    /// Print what makes a shell complete commands and flags.
    Completions(shell::Completions),
    /// Write a manual page for every command.
    Man(shell::Man),
}

impl Command {
    /// Whether a configuration file that cannot be used is none of the command's business.
    fn ignores_config(&self) -> bool {
        matches!(self, Self::Init(_) | Self::Completions(_) | Self::Man(_))
    }
}

/// What a place in a block is worth.
#[derive(Debug, Clone, Args)]
struct TipArg {
    /// The most to bid for a place in a block, in the last quarter of a window [default: a tenth of the
    /// bond, at most 1 UNIT].
    #[arg(long, value_name = "AMOUNT")]
    tip_max: Option<Amount>,
}

/// The key that signs.
#[derive(Debug, Clone, Args)]
struct KeyArg {
    /// Key: a development URI like //Alice, a file with mode 600, or - for a phrase on standard
    /// input.
    #[arg(long, env = "FEDCHAIN_KEY", hide_env_values = true)]
    key: String,
}

impl KeyArg {
    fn load(&self) -> Result<Keypair, Error> {
        Ok(keys::load(&self.key)?)
    }
}

/// Says that everybody can sign with a key, where that matters.
async fn warn_of(key: &str, chain: &Chain) -> Result<(), Error> {
    if keys::is_public(key) && !chain.is_for_development().await? {
        output::hint(&format!(
            "note: everybody can sign for {key}, and this is not a development chain: make a key of your own by \
             `fedchain key new`"
        ));
    }
    Ok(())
}

impl Common {
    async fn connect(&self) -> Result<Chain, Error> {
        Chain::connect(&self.url, self.wait).await
    }

    /// A connection, and the key that signs there.
    async fn connect_with(&self, key: &KeyArg) -> Result<(Chain, Keypair), Error> {
        let pair = key.load()?;
        let chain = self.connect().await?;
        warn_of(&key.key, &chain).await?;
        Ok((chain, pair))
    }

    /// Says what [`Self::connect_with`] would say, where somebody else connects.
    async fn warn_of(&self, key: &KeyArg) -> Result<(), Error> {
        match keys::is_public(&key.key) {
            true => warn_of(&key.key, &self.connect().await?).await,
            false => Ok(()),
        }
    }

    fn print<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) {
        output::print(self.format, value, text);
    }

    /// Sends a call and prints `done` with the block that executed it; in a dry run it only says what
    /// the call takes.
    async fn send(
        &self,
        chain: &Chain,
        key: &Keypair,
        call: &Call,
        done: &str,
    ) -> Result<(), Error> {
        if self.dry_run {
            return dry::show(self, chain, key, std::slice::from_ref(call), &[]).await;
        }
        let included = chain.submit(key, call).await?;
        self.report(&included, call, done);
        Ok(())
    }

    /// Prints `done` with the block that executed a call.
    fn report(&self, included: &Included, call: &Call, done: &str) {
        let block = included.block.number;
        let value = serde_json::json!({ "call": call.name(), "block": block });
        self.print(&value, || format!("{done} (block {block})"));
    }
}

impl Cli {
    /// Reads the command line, with the defaults of the user's configuration file. Prints help and
    /// mistakes, and ends the process then.
    ///
    /// # Errors
    /// [`Error::Usage`] when the configuration file cannot be used, and the command needs it.
    pub fn read() -> Result<Self, Error> {
        let config = Config::load();
        let defaults = config.as_ref().ok().cloned().unwrap_or_default();
        match (Self::parse_with(std::env::args_os(), &defaults), config) {
            (Ok(cli), Err(_)) if cli.command.ignores_config() => Ok(cli),
            (Err(help), Err(_)) if !help.use_stderr() => leave(&help),
            (_, Err(unusable)) => Err(unusable),
            (Ok(cli), Ok(_)) => Ok(cli),
            (Err(said), Ok(_)) => leave(&said),
        }
    }

    fn parse_with(
        line: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        config: &Config,
    ) -> Result<Self, clap::Error> {
        let mut command = config.defaults(Self::command());
        let matches = command.try_get_matches_from_mut(line).map_err(with_tip)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

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
            Command::Init(command) => command.run(common).await,
            Command::Key(command) => command.run(common),
            Command::Federation(command) => command.run(common).await,
            Command::Join(command) => command.run(common).await,
            Command::Leave(command) => command.run(common).await,
            Command::Transfer(command) => command.run(common).await,
            Command::Train(command) => command.run(common).await,
            Command::Submit(command) => command.run(common).await,
            Command::Serve(command) => command.run(common).await,
            Command::Simulate(command) => command.run(common),
            Command::Evaluate(command) => command.run(common).await,
            Command::Certify(command) => command.run(common).await,
            Command::Certificate(command) => command.run(common).await,
            Command::Model(command) => command.run(common).await,
            Command::Data(command) => command.run(common).await,
            Command::Schema(command) => command.run(common),
            Command::Watch(command) => command.run(common).await,
            Command::Verify(command) => command.run(common).await,
            Command::Audit(command) => command.run(common).await,
            Command::Receipt(command) => command.run(common).await,
            Command::Block(command) => command.run(common).await,
            Command::Status(command) => command.run(common).await,
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(common),
        }
    }
}

/// Prints help or a mistake, and ends the process.
fn leave(said: &clap::Error) -> ! {
    match said.use_stderr() {
        // There is no other place to say that it failed.
        true => drop(said.print()),
        // In colours on a terminal, which only clap itself makes.
        false => output::write(|_| said.print()),
    }
    let code = match output::finish() {
        Ok(()) => said.exit_code(),
        Err(lost) => {
            output::hint(&format!("error: {lost}"));
            lost.exit_code().into()
        }
    };
    process::exit(code)
}

/// Tells of `fedchain init` where something is missing that it can keep.
fn with_tip(mut error: clap::Error) -> clap::Error {
    let is_kept = |missing: &String| missing == "<FEDERATION>" || missing.starts_with("--key");
    let missing = error.get(ContextKind::InvalidArg);
    if let Some(ContextValue::Strings(missing)) = missing
        && missing.iter().any(is_kept)
    {
        let tip = "`fedchain init` keeps a federation and a key as defaults".to_owned();
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tips);
    }
    error
}

/// Reads a file of the user.
fn read_file(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| file_error(path, error))
}

/// Writes a file for the user.
fn write_file(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Error> {
    Whole::at(path)
        .write(content)
        .map_err(|error| file_error(path, error))
}

/// Whether a file could be written, before anybody works for it, and takes the place of neither an input nor a
/// key; none is always possible.
fn check_place(path: Option<&PathBuf>, inputs: &[&Path]) -> Result<(), Error> {
    let Some(path) = path else {
        return Ok(());
    };
    let is_same = |input: &&Path| {
        let (input, path) = (input.canonicalize(), path.canonicalize());
        input.is_ok_and(|input| path.is_ok_and(|path| input == path))
    };
    if inputs.iter().any(is_same) {
        return Err(file_error(
            path,
            "this command reads it: name another file to write",
        ));
    }
    if keys::is_key_file(path) {
        return Err(file_error(path, "it holds a key: name another file"));
    }
    Whole::at(path)
        .check()
        .map_err(|error| file_error(path, error))
}

fn file_error(path: &Path, reason: impl ToString) -> Error {
    Error::File {
        file: path.display().to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests;
