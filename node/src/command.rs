//! Runs what the command line asks for.

use crate::{
    chain_spec,
    cli::{Cli, Subcommand},
    finality, mining, service, stop,
    sync::{Progress, start_over},
};
use fedchain_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_service::PartialComponents;
use sp_consensus::NoNetwork;
use std::sync::Arc;

/// Reads the command line and runs it to its end.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::read();
    let Some(subcommand) = &cli.subcommand else {
        return run_node(&cli);
    };
    match subcommand {
        Subcommand::Key(cmd) => cmd.run(&cli),
        #[allow(deprecated, reason = "the spelling that most guides still use")]
        Subcommand::BuildSpec(cmd) => {
            let runner = cli.create_runner(cmd)?;
            let chain = cmd.shared_params.chain_id(cmd.shared_params.is_dev());
            let spec = chain_spec::load_to_export(&chain)?;
            runner.sync_run(|config| cmd.run(spec, config.network))
        }
        Subcommand::ExportChainSpec(cmd) => cmd.run(chain_spec::load_to_export(&cmd.chain)?),
        Subcommand::CheckBlock(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    import_queue,
                    ..
                } = service::new_partial(&config)?;
                Ok((cmd.run(client, import_queue), task_manager))
            })
        }
        Subcommand::ExportBlocks(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    ..
                } = service::new_partial(&config)?;
                Ok((cmd.run(client, config.database), task_manager))
            })
        }
        Subcommand::ImportBlocks(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    import_queue,
                    other,
                    ..
                } = service::new_partial(&config)?;
                let finality = finality::run(finality::Parts {
                    client: client.clone(),
                    headers: other.headers,
                    import: other.import,
                    rules: other.finality,
                    sync: Arc::new(NoNetwork),
                    progress: Arc::new(Progress::default()),
                });
                task_manager
                    .spawn_handle()
                    .spawn("finality", None, finality);
                Ok((cmd.run(client, import_queue), task_manager))
            })
        }
        Subcommand::PurgeChain(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| cmd.run(config.database))
        }
        Subcommand::StartOver(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| {
                start_over::order(&config.data_path, cmd.weight)?;
                println!("The chain is deleted when the node starts, and a heavier one fetched.");
                Ok(())
            })
        }
        Subcommand::Revert(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    backend,
                    ..
                } = service::new_partial(&config)?;
                Ok((cmd.run(client, backend, None), task_manager))
            })
        }
        Subcommand::ChainInfo(cmd) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| cmd.run::<Block>(&config))
        }
    }
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
    let runner = cli.create_runner(&cli.run)?;
    let chain_type = runner.config().chain_spec.chain_type();
    let mining = mining::Config::new(&cli.mining, chain_type)?;
    stop::run_until_exit(runner, |config| {
        Ok(service::start(config, mining)?.task_manager)
    })
}
