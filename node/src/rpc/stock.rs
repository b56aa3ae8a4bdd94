//! The methods of every Substrate node.

use super::{Parts, error};
use jsonrpsee::Methods;
use sc_client_api::BlockBackend;
use sc_rpc::{
    SubscriptionTaskExecutor,
    author::{Author, AuthorApiServer},
    chain::{self, ChainApiServer},
    state::{self, ChildStateApiServer, StateApiServer},
    system::{System, SystemApiServer, SystemInfo},
};
use sc_rpc_spec_v2::{
    archive::{Archive, ArchiveApiServer},
    chain_head::{ChainHead, ChainHeadApiServer, ChainHeadConfig},
    chain_spec::{ChainSpec, ChainSpecApiServer},
    transaction::{
        Transaction, TransactionApiServer, TransactionBroadcast, TransactionBroadcastApiServer,
        TransactionMetrics,
    },
};
use sc_service::{Configuration, Error};

/// Transactions that one connection has sent again and again, at most.
const BROADCASTS_MAX: usize = 16;

/// All of them; those of an archive where the node keeps all blocks and states.
pub fn methods(parts: &Parts<'_>, executor: SubscriptionTaskExecutor) -> Result<Methods, Error> {
    let Parts {
        config,
        client,
        backend,
        pool,
        keystore,
        network,
        mining: _,
    } = parts;
    let (client, backend, pool) = (|| client.clone(), || backend.clone(), || pool.clone());
    let executor = || executor.clone();
    let genesis = client().block_hash(0)?;
    let genesis = genesis.ok_or_else(|| Error::Other("the chain has no block 0".into()))?;
    let metrics = config.prometheus_registry().map(TransactionMetrics::new);
    let metrics = metrics.transpose()?;

    let mut methods = Methods::new();
    let system = System::new(info(config), network.clone()).into_rpc();
    methods.merge(system).map_err(error)?;
    let chain = chain::new_full(client(), executor()).into_rpc();
    methods.merge(chain).map_err(error)?;
    let (state, child_state) = state::new_full(client(), executor(), None);
    methods.merge(state.into_rpc()).map_err(error)?;
    methods.merge(child_state.into_rpc()).map_err(error)?;
    let author = Author::new(client(), pool(), keystore.keystore(), executor());
    methods.merge(author.into_rpc()).map_err(error)?;

    let specification = &config.chain_spec;
    let name = specification.name().into();
    let specification = ChainSpec::new(name, genesis, specification.properties());
    methods.merge(specification.into_rpc()).map_err(error)?;
    let limits = ChainHeadConfig::default();
    let chain_head = ChainHead::new(client(), backend(), executor(), limits);
    methods.merge(chain_head.into_rpc()).map_err(error)?;
    let transaction = Transaction::new(client(), pool(), executor(), metrics);
    methods.merge(transaction.into_rpc()).map_err(error)?;
    let broadcast = TransactionBroadcast::new(client(), pool(), executor(), BROADCASTS_MAX);
    methods.merge(broadcast.into_rpc()).map_err(error)?;
    if is_archive(config) {
        let archive = Archive::new(client(), backend(), genesis, executor());
        methods.merge(archive.into_rpc()).map_err(error)?;
    }
    Ok(methods)
}

fn info(config: &Configuration) -> SystemInfo {
    SystemInfo {
        impl_name: config.impl_name.clone(),
        impl_version: config.impl_version.clone(),
        chain_name: config.chain_spec.name().into(),
        properties: config.chain_spec.properties(),
        chain_type: config.chain_spec.chain_type(),
    }
}

fn is_archive(config: &Configuration) -> bool {
    let keeps_states = config
        .state_pruning
        .as_ref()
        .is_some_and(|pruning| pruning.is_archive());
    keeps_states && config.blocks_pruning.is_archive()
}
