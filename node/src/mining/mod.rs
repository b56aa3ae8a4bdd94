//! The miner.
//!
//! ```text
//!            best block, transactions
//!                      |
//! schedule -> template builder -> work cell <-> search threads
//!     ^                                              | template + seal
//!     +------------- done ------- submit <-----------+
//! ```
//!
//! [`schedule`] decides when a block template is due, [`template`] builds it, [`work`] holds the
//! one template that is being mined, [`threads`] search it for a seal, and [`submit`] imports what
//! was found, one block after the other.

mod metrics;
mod pace;
mod schedule;
mod submit;
mod template;
mod threads;
mod work;

use crate::{
    cli::MiningParams,
    headers::Headers,
    import::Import,
    pow::Blake2Pow,
    service::{FullClient, Pool},
};
use fedchain_runtime::AccountId;
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use log::info;
use metrics::Metrics;
use pace::Pace;
use sc_service::{ChainType, TaskManager};
use sc_telemetry::TelemetryHandle;
use sp_consensus::SyncOracle;
use sp_keyring::Sr25519Keyring;
use sp_runtime::Percent;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

pub use threads::Found;
pub use work::{Refused, WorkCell};

const LOG_TARGET: &str = "mining";

/// How to mine.
pub struct Config {
    author: AccountId,
    threads: u16,
    alone: bool,
    pace: Pace,
}

impl Config {
    /// The configuration that the flags ask for; `None` without `--mine`.
    ///
    /// # Errors
    ///
    /// If the chain is not a development chain and no author is named.
    pub fn new(params: &MiningParams, chain_type: ChainType) -> sc_cli::Result<Option<Self>> {
        if !params.mine {
            return Ok(None);
        }
        let is_dev = chain_type == ChainType::Development;
        let author = match &params.author {
            Some(author) => author.clone(),
            None if is_dev => Sr25519Keyring::Alice.to_account_id(),
            None => {
                return Err(sc_cli::Error::Input(
                    "--mine needs --author ACCOUNT, the account that takes the rewards".into(),
                ));
            }
        };
        Ok(Some(Self {
            author,
            threads: params.mining_threads,
            alone: params.mine_alone || is_dev,
            pace: if is_dev { Pace::DEV } else { Pace::STEADY },
        }))
    }
}

/// Where templates and seals meet, and where found blocks go.
pub struct Exchange {
    pub cell: Arc<WorkCell>,
    pub found: UnboundedSender<Found>,
    to_import: UnboundedReceiver<Found>,
}

impl Default for Exchange {
    fn default() -> Self {
        let (found, to_import) = mpsc::unbounded();
        Self {
            cell: Arc::default(),
            found,
            to_import,
        }
    }
}

/// What the miner works with.
pub struct Parts<'a> {
    pub config: Config,
    pub exchange: Exchange,
    pub client: Arc<FullClient>,
    pub pool: Arc<Pool>,
    pub headers: Headers,
    pub import: Import,
    pub sync: Arc<dyn SyncOracle + Send + Sync>,
    pub task_manager: &'a TaskManager,
    pub registry: Option<Registry>,
    pub telemetry: Option<TelemetryHandle>,
}

/// Starts mining in the background.
///
/// # Errors
/// When a thread cannot be started or a metric is registered already.
pub fn start(parts: Parts<'_>) -> Result<(), sc_service::Error> {
    let Parts {
        config,
        exchange: Exchange {
            cell,
            found,
            to_import,
        },
        client,
        pool,
        headers,
        import,
        sync,
        task_manager,
        registry,
        telemetry,
    } = parts;
    info!(target: LOG_TARGET, "mining for {} on {} thread(s)", config.author, config.threads);

    let metrics = Metrics::new(registry.as_ref())?;
    let (done, imported) = mpsc::unbounded();
    let mut proposers = sc_basic_authorship::ProposerFactory::new(
        task_manager.spawn_handle(),
        client.clone(),
        pool.clone(),
        registry.as_ref(),
        telemetry,
    );
    // A transaction that does not fit must not keep out those behind it.
    proposers.set_soft_deadline(Percent::one());
    let builder = template::Builder::new(
        client.clone(),
        Blake2Pow::new(headers),
        proposers,
        config.author.clone(),
    );
    let schedule = schedule::Schedule::new(
        client,
        pool,
        sync,
        builder,
        cell.clone(),
        &config,
        metrics.templates.clone(),
    );

    threads::start(config.threads, &cell, &found, &metrics)?;
    let spawner = task_manager.spawn_essential_handle();
    spawner.spawn(
        "mined-blocks",
        Some("mining"),
        submit::run(to_import, import, cell, done, metrics.blocks),
    );
    spawner.spawn("block-templates", Some("mining"), schedule.run(imported));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(mine: bool, author: Option<AccountId>) -> MiningParams {
        MiningParams {
            mine,
            author,
            mining_threads: 1,
            mine_alone: false,
        }
    }

    #[test]
    fn no_flag_no_miner() {
        let config = Config::new(&params(false, None), ChainType::Live).unwrap();
        assert!(config.is_none());
    }

    #[test]
    fn author_is_required_except_on_development_chains() {
        assert!(Config::new(&params(true, None), ChainType::Local).is_err());

        let dev = Config::new(&params(true, None), ChainType::Development)
            .unwrap()
            .unwrap();
        assert_eq!(dev.author, Sr25519Keyring::Alice.to_account_id());
        assert!(dev.alone);

        let bob = Sr25519Keyring::Bob.to_account_id();
        let local = Config::new(&params(true, Some(bob.clone())), ChainType::Local)
            .unwrap()
            .unwrap();
        assert_eq!(local.author, bob);
        assert!(!local.alone);
    }
}
