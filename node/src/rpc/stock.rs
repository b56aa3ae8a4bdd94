//! The methods of every Substrate node, but those of which one request can ask for everything: the archive's.

use super::{Parts, add};
use futures::future::BoxFuture;
use jsonrpsee::Methods;
use sc_client_api::BlockBackend;
use sc_rpc::{
    author::{Author, AuthorApiServer},
    chain::{self, ChainApiServer},
    state::{self, ChildStateApiServer, StateApiServer},
    system::{System, SystemApiServer, SystemInfo},
};
use sc_rpc_server::RpcSpawnHandle;
use sc_rpc_spec_v2::{
    chain_head::{ChainHead, ChainHeadApiServer, ChainHeadConfig},
    chain_spec::{ChainSpec, ChainSpecApiServer},
    transaction::{
        Transaction, TransactionApiServer, TransactionBroadcast, TransactionBroadcastApiServer,
        TransactionMetrics,
    },
};
use sc_service::{Configuration, Error};
use sp_core::traits::SpawnNamed;
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, time::timeout};

/// Transactions that one connection has sent again and again, at most.
const BROADCASTS_MAX: usize = 16;
/// How long a follower's call may take, its answer's way to the follower included.
const FOLLOWER_CALL_MAX: Duration = Duration::from_secs(10);
/// Events that a follower has not read, at most: it begins with all blocks that are not final, 110 or fewer.
const FOLLOWER_EVENTS_MAX: usize = 160;

/// All of them; what they spawn runs on `runtime`.
pub fn methods(parts: &Parts<'_>, runtime: &Handle) -> Result<Methods, Error> {
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
    let executor = || Arc::new(RpcSpawnHandle::new(runtime.clone()));
    let genesis = client().block_hash(0)?;
    let genesis = genesis.ok_or_else(|| Error::Other("the chain has no block 0".into()))?;
    let metrics = config.prometheus_registry().map(TransactionMetrics::new);
    let metrics = metrics.transpose()?;

    let mut methods = Methods::new();
    let system = System::new(info(config), network.clone());
    add(&mut methods, system.into_rpc())?;
    let chain = chain::new_full(client(), executor());
    add(&mut methods, chain.into_rpc())?;
    let (state, child_state) = state::new_full(client(), executor(), None);
    add(&mut methods, state.into_rpc())?;
    add(&mut methods, child_state.into_rpc())?;
    let author = Author::new(client(), pool(), keystore.keystore(), executor());
    add(&mut methods, author.into_rpc())?;

    let specification = &config.chain_spec;
    let name = specification.name().into();
    let specification = ChainSpec::new(name, genesis, specification.properties());
    add(&mut methods, specification.into_rpc())?;
    let limits = ChainHeadConfig {
        subscription_buffer_cap: FOLLOWER_EVENTS_MAX,
        max_follow_subscriptions_per_connection: 1,
        ..Default::default()
    };
    let followers = Arc::new(Hurried {
        runtime: runtime.clone(),
        most: FOLLOWER_CALL_MAX,
    });
    let chain_head = ChainHead::new(client(), backend(), followers, limits);
    add(&mut methods, chain_head.into_rpc())?;
    let transaction = Transaction::new(client(), pool(), executor(), metrics);
    add(&mut methods, transaction.into_rpc())?;
    let broadcast = TransactionBroadcast::new(client(), pool(), executor(), BROADCASTS_MAX);
    add(&mut methods, broadcast.into_rpc())?;
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

/// Gives up on what blocks a thread for too long: a follower that reads nothing must not keep others out.
#[derive(Clone)]
struct Hurried {
    runtime: Handle,
    most: Duration,
}

impl SpawnNamed for Hurried {
    fn spawn(&self, _: &'static str, _: Option<&'static str>, task: BoxFuture<'static, ()>) {
        self.runtime.spawn(task);
    }

    fn spawn_blocking(
        &self,
        _: &'static str,
        _: Option<&'static str>,
        task: BoxFuture<'static, ()>,
    ) {
        let (runtime, most) = (self.runtime.clone(), self.most);
        self.runtime.spawn_blocking(move || {
            // It answers nobody then.
            let _ = runtime.block_on(async { timeout(most, task).await });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::future::pending;
    use tokio::sync::oneshot;

    #[tokio::test(flavor = "multi_thread")]
    async fn who_keeps_a_thread_for_long_loses_it() {
        let hurried = Hurried {
            runtime: Handle::current(),
            most: Duration::from_millis(20),
        };
        let (held, lost) = oneshot::channel::<()>();
        let task = async move {
            let _held = held;
            pending::<()>().await;
        };
        hurried.spawn_blocking("follower", None, task.boxed());
        assert!(lost.await.is_err());
    }
}
