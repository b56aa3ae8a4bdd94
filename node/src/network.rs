//! The network: Substrate's own, but for the strategy by which it synchronises.

use crate::{
    finality::Rules,
    headers::Headers,
    service::{FullClient, Pool},
    sync::{self, Demands, Progress, Strategy, start_over::Needed},
};
use fedchain_runtime::{Hash, opaque::Block};
use futures::channel::mpsc::{self, UnboundedReceiver};
use sc_consensus::{DefaultImportQueue, ImportQueue};
use sc_network::{
    NetworkBackend,
    config::{FullNetworkConfiguration, SyncMode},
    service::traits::NetworkService,
};
use sc_network_sync::{
    SyncingService, block_relay_protocol::BlockRelayParams,
    block_request_handler::BlockRequestHandler, engine::SyncingEngine,
    service::network::NetworkServiceProvider,
};
use sc_network_transactions::TransactionsHandlerController;
use sc_service::{
    BuildNetworkAdvancedParams, Configuration, Error, TaskManager, build_network_advanced,
};
use sc_utils::mpsc::TracingUnboundedSender;
use sp_consensus::block_validation::DefaultBlockAnnounceValidator;
use std::sync::Arc;

/// What the network works with.
pub struct Parts<'a, N: NetworkBackend<Block, Hash>> {
    pub config: &'a Configuration,
    pub net_config: FullNetworkConfiguration<Block, Hash, N>,
    pub client: Arc<FullClient>,
    pub headers: Headers,
    pub pool: Arc<Pool>,
    pub task_manager: &'a TaskManager,
    pub import_queue: DefaultImportQueue<Block>,
    pub rules: Rules,
    pub needed: Option<Needed>,
    pub progress: Arc<Progress>,
}

/// A running network.
pub struct Network {
    pub network: Arc<dyn NetworkService>,
    pub system_rpc_tx: TracingUnboundedSender<sc_rpc::system::Request<Block>>,
    pub tx_handler_controller: TransactionsHandlerController<Hash>,
    pub sync_service: Arc<SyncingService<Block>>,
    /// Says for which chain this node is to start over.
    pub start_over: UnboundedReceiver<Needed>,
}

/// Starts the network. `change` may put something else in the place of what asks for blocks and serves
/// them.
///
/// # Errors
/// If it cannot listen, synchronisation by other means than blocks is asked for, or `change` fails.
pub fn build<N: NetworkBackend<Block, Hash>>(
    parts: Parts<'_, N>,
    change: impl FnOnce(BlockRelayParams<Block, N>) -> Result<BlockRelayParams<Block, N>, Error>,
) -> Result<Network, Error> {
    let Parts {
        config,
        mut net_config,
        client,
        headers,
        pool,
        task_manager,
        import_queue,
        rules,
        needed,
        progress,
    } = parts;
    if config.network.sync_mode != SyncMode::Full {
        return Err(Error::Other(
            "this chain is synchronised block by block: leave out --sync, or say --sync full"
                .into(),
        ));
    }
    let spawn_handle = task_manager.spawn_handle();
    let spawn_essential_handle = task_manager.spawn_essential_handle();
    let registry = config.prometheus_registry();
    let notifications = N::register_notification_metrics(registry);
    let provider = NetworkServiceProvider::new();
    let protocol_id = config.protocol_id();
    let fork_id = config.chain_spec.fork_id();
    let peers = &config.network.default_peers_set;
    let relay = BlockRequestHandler::new::<N>(
        provider.handle(),
        &protocol_id,
        fork_id,
        client.clone(),
        (peers.in_peers as usize).saturating_add(peers.out_peers as usize),
    );
    let BlockRelayParams {
        mut server,
        downloader,
        request_response_config,
    } = change(relay)?;
    net_config.add_request_response_protocol(request_response_config);
    spawn_handle.spawn("block-request-handler", Some("networking"), async move {
        server.run().await;
    });
    let (order, start_over) = mpsc::unbounded();
    let strategy = Strategy::new(sync::Parts {
        demands: Demands {
            checkpoint: rules.checkpoint,
            minimum_work: rules.minimum_work,
            floor: headers.rules().bounds.floor,
        },
        headers,
        needed,
        downloader,
        progress,
        metrics: sync::Metrics::new(registry)?,
        start_over: order,
    });
    let (engine, sync_service, block_announce_config) = SyncingEngine::new(
        (&config.role).into(),
        client.clone(),
        registry,
        notifications.clone(),
        &net_config,
        protocol_id.clone(),
        fork_id,
        Box::new(DefaultBlockAnnounceValidator),
        Box::new(strategy),
        provider.handle(),
        import_queue.service(),
        net_config.peer_store_handle(),
    )?;
    spawn_essential_handle.spawn_blocking("syncing", None, engine.run());
    let (network, system_rpc_tx, tx_handler_controller, sync_service, _) =
        build_network_advanced(BuildNetworkAdvancedParams {
            role: config.role,
            protocol_id,
            fork_id,
            announce_block: config.announce_block,
            net_config,
            client,
            transaction_pool: pool,
            spawn_handle,
            spawn_essential_handle,
            import_queue,
            sync_service,
            block_announce_config,
            network_service_provider: provider,
            metrics_registry: registry,
            metrics: notifications,
            blocks_pruning: config.blocks_pruning,
        })?;
    Ok(Network {
        network,
        system_rpc_tx,
        tx_handler_controller,
        sync_service,
        start_over,
    })
}
