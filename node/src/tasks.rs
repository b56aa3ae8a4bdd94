//! What runs beside the network: news for the pool, telemetry, metrics, RPC and the lines of the log.

use crate::{
    rpc,
    service::{FullBackend, FullClient, Pool},
};
use fedchain_runtime::{Hash, opaque::Block};
use futures::FutureExt;
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_service::{Configuration, Error, KeystoreContainer, MetricsService, TaskManager};
use sc_telemetry::{Telemetry, TelemetryHandle};
use sc_utils::mpsc::TracingUnboundedSender;
use std::sync::Arc;
use substrate_prometheus_endpoint::init_prometheus;

/// What the tasks work with.
pub struct Parts<'a> {
    pub config: Configuration,
    pub client: Arc<FullClient>,
    pub backend: Arc<FullBackend>,
    pub pool: Arc<Pool>,
    pub keystore: KeystoreContainer,
    pub network: Arc<dyn NetworkService>,
    pub sync: Arc<SyncingService<Block>>,
    pub transactions: TransactionsHandlerController<Hash>,
    pub requests: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
    pub mining: Option<rpc::MiningMethods>,
    pub telemetry: Option<&'a mut Telemetry>,
}

/// Starts them all.
///
/// # Errors
/// When metrics, telemetry or RPC cannot be served.
pub fn spawn(task_manager: &mut TaskManager, parts: Parts<'_>) -> Result<(), Error> {
    let Parts {
        mut config,
        client,
        backend,
        pool,
        keystore,
        network,
        sync,
        transactions,
        requests,
        mining,
        telemetry,
    } = parts;
    let telemetry = telemetry
        .map(|telemetry| start_telemetry(&config, network.clone(), client.clone(), telemetry))
        .transpose()?;
    let tasks = task_manager.spawn_handle();
    let metrics = match &config.prometheus_config {
        Some(prometheus) => {
            let (port, registry) = (prometheus.port, prometheus.registry.clone());
            let endpoint = init_prometheus(port, registry.clone()).map(drop);
            tasks.spawn("prometheus-endpoint", None, endpoint);
            let (name, version) = (&config.network.node_name, &config.impl_version);
            MetricsService::with_prometheus(
                telemetry.clone(),
                &registry,
                config.role,
                name,
                version,
            )?
        }
        None => MetricsService::new(telemetry.clone()),
    };
    let metrics = metrics.run(client.clone(), pool.clone(), network.clone(), sync.clone());
    tasks.spawn("telemetry-periodic-send", None, metrics);

    let news = sc_transaction_pool::notification_future(
        client.clone(),
        pool.clone(),
        config.transaction_pool.use_all_block_notifications(),
    );
    tasks.spawn("txpool-notifications", Some("transaction-pool"), news);
    let gossip =
        sc_service::propagate_transaction_notifications(pool.clone(), transactions, telemetry);
    tasks.spawn("on-transaction-imported", Some("transaction-pool"), gossip);
    let informant = sc_informant::build(client.clone(), network, sync);
    tasks.spawn("informant", None, informant);

    let serving = rpc::serve(rpc::Parts {
        config: &mut config,
        client,
        backend,
        pool,
        keystore: &keystore,
        network: requests,
        mining,
    })?;
    // A base path may be a folder that is deleted when it drops.
    task_manager.keep_alive((config.base_path, serving));
    Ok(())
}

fn start_telemetry(
    config: &Configuration,
    network: Arc<dyn NetworkService>,
    client: Arc<FullClient>,
    telemetry: &mut Telemetry,
) -> Result<TelemetryHandle, Error> {
    Ok(sc_service::init_telemetry(
        config.network.node_name.clone(),
        config.impl_name.clone(),
        config.impl_version.clone(),
        config.chain_spec.name().to_owned(),
        config.role.is_authority(),
        network,
        client,
        telemetry,
        None,
    )?)
}
