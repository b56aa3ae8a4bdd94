//! The command line: the standard flags of a Substrate node, and how to mine.

use crate::chain_spec;
use clap::{Args, Parser};
use fedchain_pow::U256;
use fedchain_runtime::AccountId;
use sc_cli::{
    ChainSpec, CliConfiguration, DatabasePruningMode, DefaultConfigurationValues, PruningParams,
    RunCmd, SharedParams, SubstrateCli, clap,
};
use sc_network::multiaddr::{Multiaddr, Protocol};
use sp_core::{Pair, crypto::Ss58Codec, sr25519};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{self, PathBuf},
};

/// What was typed.
#[derive(Debug, Parser)]
pub struct Cli {
    /// What to do instead of running a node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// Flags of the node itself.
    #[command(flatten)]
    pub run: RunCmd,

    /// Flags of the miner.
    #[command(flatten)]
    pub mining: MiningParams,
}

/// Flags of the miner.
#[derive(Clone, Debug, Args)]
pub struct MiningParams {
    /// Mine blocks.
    #[arg(long)]
    pub mine: bool,

    /// The account that block rewards and fees go to: an SS58 address, or a development key such
    /// as //Alice. Development chains default to //Alice.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub author: Option<AccountId>,

    /// How many threads search for a seal; none leaves it to external miners (fedchain-miner).
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub mining_threads: u16,

    /// Mine without peers too. Development chains always do.
    #[arg(long)]
    pub mine_alone: bool,
}

/// What to do instead of running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it per process")]
pub enum Subcommand {
    /// Generate, inspect and store keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Print a chain specification (the older spelling of export-chain-spec).
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Print or store a chain specification.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Execute a stored block again.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write the chain's blocks to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Import blocks from a file.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Delete the chain's database.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Give the chain up for a heavier one: it is deleted when the node starts. Keys stay.
    StartOver(StartOverCmd),

    /// Take back the newest blocks.
    Revert(sc_cli::RevertCmd),

    /// Print what the database holds, as JSON.
    ChainInfo(sc_cli::ChainInfoCmd),
}

/// How to start over.
#[derive(Clone, Debug, Args)]
pub struct StartOverCmd {
    /// The least weight of the chain to fetch, as decimal number: the other side's, so that this side's
    /// chain is not fetched again. `fedchain audit` prints it as work.
    #[arg(long, value_parser = U256::from_dec_str)]
    pub weight: U256,

    /// Which chain.
    #[command(flatten)]
    pub shared_params: SharedParams,
}

impl CliConfiguration for StartOverCmd {
    fn shared_params(&self) -> &SharedParams {
        &self.shared_params
    }
}

/// Reads an account: a development key (`//Alice`) or an SS58 address.
fn parse_account(text: &str) -> Result<AccountId, String> {
    if text.starts_with("//") {
        let pair = sr25519::Pair::from_string(text, None)
            .map_err(|_| format!("{text} is not a development key; try //Alice"))?;
        return Ok(pair.public().into());
    }
    AccountId::from_ss58check(text)
        .map_err(|error| format!("{text} is not an SS58 address ({error})"))
}

impl Cli {
    /// Reads the arguments of the process and fills in what differs from Substrate's defaults.
    pub fn read() -> Self {
        let mut cli = Self::from_args();
        // The block author logs every template it builds, and here there are several per block.
        let log = &mut cli.run.shared_params.log;
        log.insert(0, "sc_basic_authorship=warn".into());
        cli.listen_on_tcp();
        if let Some(base) = cli.base_path()
            && let Ok(absolute) = path::absolute(&*base)
        {
            // The cache of compiled runtimes takes no relative path.
            *base = absolute;
        }
        if let Some(pruning) = cli.pruning_params() {
            // Any round's model can be asked for, however old; only abandoned forks are pruned.
            pruning
                .state_pruning
                .get_or_insert(DatabasePruningMode::ArchiveCanonical);
        }
        cli
    }

    /// Listens on plain TCP unless told otherwise.
    ///
    /// Substrate's default for everybody but a validator is WebSocket alone, which a peer that was
    /// given the usual `/ip4/../tcp/..` address cannot reach.
    fn listen_on_tcp(&mut self) {
        let network = &mut self.run.network_params;
        if network.listen_addr.is_empty() {
            let port = network
                .port
                .unwrap_or(<() as DefaultConfigurationValues>::p2p_listen_port());
            network.listen_addr = [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()]
                .map(|ip: IpAddr| Multiaddr::from(ip).with(Protocol::Tcp(port)))
                .into();
        }
    }

    /// Where the command at hand finds its data, if it runs the runtime.
    fn base_path(&mut self) -> Option<&mut PathBuf> {
        let shared = match &mut self.subcommand {
            None => &mut self.run.shared_params,
            Some(Subcommand::CheckBlock(cmd)) => &mut cmd.shared_params,
            Some(Subcommand::ImportBlocks(cmd)) => &mut cmd.shared_params,
            Some(Subcommand::ExportBlocks(cmd)) => &mut cmd.shared_params,
            Some(Subcommand::Revert(cmd)) => &mut cmd.shared_params,
            _ => return None,
        };
        shared.base_path.as_mut()
    }

    /// The pruning flags of the command at hand: a database has one mode for life.
    fn pruning_params(&mut self) -> Option<&mut PruningParams> {
        match &mut self.subcommand {
            None => Some(&mut self.run.import_params.pruning_params),
            Some(Subcommand::CheckBlock(cmd)) => Some(&mut cmd.import_params.pruning_params),
            Some(Subcommand::ImportBlocks(cmd)) => Some(&mut cmd.import_params.pruning_params),
            Some(Subcommand::ExportBlocks(cmd)) => Some(&mut cmd.pruning_params),
            Some(Subcommand::Revert(cmd)) => Some(&mut cmd.pruning_params),
            Some(Subcommand::ChainInfo(cmd)) => Some(&mut cmd.pruning_params),
            _ => None,
        }
    }
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "fedchain-node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        "A node of fedchain: verifies, mines, answers over RPC".into()
    }

    fn author() -> String {
        "the fedchain authors".into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
        chain_spec::load_to_run(id)
    }

    fn setup_command(command: clap::Command) -> clap::Command {
        // Roles and keys of other consensus engines: accepted by the flattened flags, of no use.
        const HIDDEN: [&str; 11] = [
            "validator",
            "no_grandpa",
            "force_authoring",
            "alice",
            "bob",
            "charlie",
            "dave",
            "eve",
            "ferdie",
            "one",
            "two",
        ];
        HIDDEN
            .into_iter()
            .fold(command, |command, id| command.mut_arg(id, |arg| arg.hide(true)))
            // A gigabyte for a state of some megabytes would fill with what old blocks had.
            .mut_arg("trie_cache_size", |arg| arg.default_value("33554432"))
            // A thousand trainers, each with its own connection and updates in the pool.
            .mut_arg("rpc_max_connections", |arg| arg.default_value("2000"))
            // Every block is told to every subscription: of 2,000 connections these are 32,000.
            .mut_arg("rpc_max_subscriptions_per_connection", |arg| arg.default_value("16"))
            // What lies in it, counts as read.
            .mut_arg("rpc_message_buffer_capacity_per_connection", |arg| arg.default_value("16"))
            .mut_arg("pool_limit", |arg| arg.default_value("16384"))
            .mut_arg("pool_kbytes", |arg| arg.default_value("131072"))
            .name(Self::executable_name())
            .version(Self::impl_version())
            .about(Self::description())
            .propagate_version(true)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_from_iter(std::iter::once("fedchain-node").chain(args.iter().copied()))
    }

    #[test]
    fn command_is_consistent() {
        use clap::CommandFactory;
        Cli::setup_command(Cli::command()).debug_assert();
    }

    #[test]
    fn author_is_a_development_key_or_an_address() {
        let by_key = parse(&["--author", "//Alice"]).unwrap();
        let address = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let by_address = parse(&["--author", address]).unwrap();
        assert_eq!(by_key.mining.author, by_address.mining.author);
        assert!(by_key.mining.author.is_some());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(parse(&["--author", "Alice"]).is_err());
        assert!(parse(&["--mining-threads", "many"]).is_err());
    }

    #[test]
    fn defaults_differ_from_substrates() {
        let run = parse(&[]).unwrap().run;
        assert_eq!(run.rpc_params.rpc_max_connections, 2000);
        assert_eq!(run.rpc_params.rpc_max_subscriptions_per_connection, 16);
        assert_eq!(run.pool_config.pool_kbytes, 131_072);
        assert_eq!(run.import_params.trie_cache_size, 32 << 20);
    }
}
