//! Wires a node together: client, pool, import, network, RPC, miner.

use crate::{
    activity, chain_spec,
    finality::{self, Rules},
    headers::Headers,
    import::Import,
    mining, network,
    pool_tasks::PoolTasks,
    ports,
    pow::Blake2Pow,
    reorgs, rpc,
    sync::{Progress, start_over},
    tasks,
};
use fedchain_runtime::{BlockNumber, Hash, apis::RuntimeApi, opaque::Block};
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_pow::PowBlockImport;
use sc_executor::{DEFAULT_HEAP_ALLOC_STRATEGY, HeapAllocStrategy, WasmExecutor};
use sc_network::{
    Litep2pNetworkBackend, NetworkBackend, NetworkBlock, NetworkWorker,
    config::{FullNetworkConfiguration, NetworkBackendType},
};
use sc_network_sync::block_relay_protocol::BlockRelayParams;
use sc_service::{Configuration, Error, PartialComponents, TFullBackend, TFullClient, TaskManager};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sp_timestamp::InherentDataProvider;
use std::sync::Arc;

/// The client: database, executor, runtime API.
pub type FullClient = TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
/// The database.
pub type FullBackend = TFullBackend<Block>;
/// The transaction pool.
pub type Pool = TransactionPoolHandle<Block, FullClient>;

type Components = PartialComponents<
    FullClient,
    FullBackend,
    LongestChain<FullBackend, Block>,
    DefaultImportQueue<Block>,
    Pool,
    Other,
>;

pub use mining::Config as Mining;

/// What [`new_partial`] builds beyond the standard components.
pub(crate) struct Other {
    /// The import that queue and miner share.
    pub(crate) import: Import,
    /// The headers of all blocks.
    pub(crate) headers: Headers,
    /// When blocks are final.
    pub(crate) finality: Rules,
    telemetry: Option<Telemetry>,
}

/// Builds what a node needs before it has a network; enough for the sub-commands.
pub(crate) fn new_partial(config: &Configuration) -> Result<Components, Error> {
    let telemetry = start_telemetry(config)?;
    let handle = telemetry.as_ref().map(|(_, telemetry)| telemetry.handle());
    let executor = executor(config);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(config, handle, executor, vec![])?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager
            .spawn_handle()
            .spawn("telemetry", None, worker.run());
        telemetry
    });

    let select_chain = LongestChain::new(backend.clone());
    let transaction_pool = sc_transaction_pool::Builder::new(
        PoolTasks(task_manager.spawn_essential_handle()),
        client.clone(),
        config.role.is_authority().into(),
    )
    .with_options(config.transaction_pool.clone())
    .with_prometheus(config.prometheus_registry())
    .build();

    let headers = Headers::new(client.clone())?;
    let algorithm = Blake2Pow::new(headers.clone());
    let inner = PowBlockImport::new(
        client.clone(),
        client.clone(),
        algorithm.clone(),
        0,
        select_chain.clone(),
        |_, ()| async { Ok(InherentDataProvider::from_system_time()) },
    );
    let import = Import::new(Box::new(inner), client.clone(), headers.clone());
    task_manager
        .spawn_essential_handle()
        .spawn("database", None, import.broken());
    let import_queue = sc_consensus_pow::import_queue(
        Box::new(import.clone()),
        None,
        algorithm,
        &task_manager.spawn_essential_handle(),
        config.prometheus_registry(),
    )?;

    Ok(PartialComponents {
        client,
        backend,
        keystore_container,
        task_manager,
        select_chain,
        import_queue,
        transaction_pool: Arc::new(transaction_pool),
        other: Other {
            import,
            headers,
            finality: chain_spec::finality(config.chain_spec.as_ref()),
            telemetry,
        },
    })
}

/// Runs the runtime's Wasm, and keeps its compiled form beside the database.
///
/// A compilation takes seconds, and without the cache there are two of them on a new chain.
fn executor(config: &Configuration) -> WasmExecutor<sp_io::SubstrateHostFunctions> {
    let heap = config
        .executor
        .default_heap_pages
        .map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| {
            HeapAllocStrategy::Static {
                extra_pages: u32::try_from(pages).unwrap_or(u32::MAX),
            }
        });
    WasmExecutor::builder()
        .with_execution_method(config.executor.wasm_method)
        .with_onchain_heap_alloc_strategy(heap)
        .with_offchain_heap_alloc_strategy(heap)
        .with_max_runtime_instances(config.executor.max_runtime_instances)
        .with_runtime_cache_size(config.executor.runtime_cache_size)
        .with_cache_path(config.data_path.join("wasm"))
        .build()
}

fn start_telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
    let endpoints = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty());
    endpoints
        .map(|endpoints| {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()
}

/// A running node.
pub struct Running {
    /// Its tasks: the node ends with them.
    pub task_manager: TaskManager,
    /// Its client.
    pub client: Arc<FullClient>,
    /// Its pool.
    pub pool: Arc<Pool>,
    /// By which it announces blocks.
    pub announcer: Arc<dyn NetworkBlock<Hash, BlockNumber> + Send + Sync>,
}

/// What asks peers for blocks and serves them, on the libp2p network.
pub type Relay = BlockRelayParams<Block, NetworkWorker<Block, Hash>>;

/// Starts a node, and its miner if there is a configuration for one.
///
/// # Errors
/// When a port, the database, the network or a thread cannot be opened.
pub fn start(config: Configuration, mining: Option<Mining>) -> Result<Running, Error> {
    match config.network.network_backend {
        NetworkBackendType::Libp2p => {
            start_with::<NetworkWorker<Block, Hash>>(config, mining, |_, relay| Ok(relay))
        }
        NetworkBackendType::Litep2p => {
            start_with::<Litep2pNetworkBackend>(config, mining, |_, relay| Ok(relay))
        }
    }
}

/// Starts a node that does not mine, after `change` has put something else in the place of what asks for
/// blocks and serves them.
///
/// # Errors
/// As [`start`], or when `change` fails.
pub fn start_with_relay(
    config: Configuration,
    change: impl FnOnce(&Arc<FullClient>, Relay) -> Result<Relay, Error>,
) -> Result<Running, Error> {
    start_with(config, None, change)
}

fn start_with<N: NetworkBackend<Block, Hash>>(
    config: Configuration,
    mining: Option<Mining>,
    change: impl FnOnce(
        &Arc<FullClient>,
        BlockRelayParams<Block, N>,
    ) -> Result<BlockRelayParams<Block, N>, Error>,
) -> Result<Running, Error> {
    ports::ensure_free(&config)?;
    let needed = start_over::prepare(&config)?;
    let data_path = config.data_path.clone();
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain: _,
        transaction_pool,
        other:
            Other {
                import,
                headers,
                finality: rules,
                mut telemetry,
            },
    } = new_partial(&config)?;

    let registry = config.prometheus_registry().cloned();
    let progress = Arc::new(Progress::default());
    let network::Network {
        network,
        system_rpc_tx,
        tx_handler_controller,
        sync_service,
        start_over: orders,
    } = network::build(
        network::Parts {
            config: &config,
            net_config: FullNetworkConfiguration::<_, _, N>::new(&config.network, registry.clone()),
            client: client.clone(),
            headers: headers.clone(),
            pool: transaction_pool.clone(),
            task_manager: &task_manager,
            import_queue,
            rules,
            needed,
            progress: progress.clone(),
        },
        |relay| change(&client, relay),
    )?;
    task_manager.spawn_essential_handle().spawn(
        "start-over",
        None,
        start_over::run(orders, data_path),
    );

    let exchange = mining::Exchange::default();
    let miners = mining.is_some().then(|| rpc::MiningMethods {
        cell: exchange.cell.clone(),
        found: exchange.found.clone(),
    });
    tasks::spawn(
        &mut task_manager,
        tasks::Parts {
            config,
            client: client.clone(),
            backend,
            pool: transaction_pool.clone(),
            keystore: keystore_container,
            network,
            sync: sync_service.clone(),
            transactions: tx_handler_controller,
            requests: system_rpc_tx,
            mining: miners,
            telemetry: telemetry.as_mut(),
        },
    )?;

    let finality = finality::run(finality::Parts {
        client: client.clone(),
        headers: headers.clone(),
        import: import.clone(),
        rules,
        sync: sync_service.clone(),
        progress,
    });
    task_manager
        .spawn_essential_handle()
        .spawn("finality", None, finality);
    task_manager.spawn_handle().spawn(
        "reorgs",
        None,
        reorgs::run(client.clone(), reorgs::metric(registry.as_ref())?),
    );
    task_manager.spawn_handle().spawn(
        "activity",
        None,
        activity::run(client.clone(), activity::Metrics::new(registry.as_ref())?),
    );
    if let Some(mining) = mining {
        mining::start(mining::Parts {
            config: mining,
            exchange,
            client: client.clone(),
            pool: transaction_pool.clone(),
            headers,
            import,
            sync: sync_service.clone(),
            task_manager: &task_manager,
            registry,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
        })?;
    }
    Ok(Running {
        task_manager,
        client,
        pool: transaction_pool,
        announcer: sync_service,
    })
}
