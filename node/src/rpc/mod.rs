//! The node's RPC server: the methods of every Substrate node, and the node's own.

mod federation;
mod mining;
mod order;
mod stock;
mod turns;

use crate::service::{FullBackend, FullClient, Pool};
use fedchain_runtime::opaque::Block;
use federation::{FederationMethods, FederationRpcServer};
use jsonrpsee::{Methods, RpcModule};
use mining::MiningServer;
use order::order;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_rpc::system::Request;
use sc_rpc_server::{BatchRequestConfig, Server, create_rpc_runtime};
use sc_service::{Configuration, Error, KeystoreContainer, start_rpc_servers};
use sc_utils::mpsc::TracingUnboundedSender;
use std::{error::Error as Cause, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};
use turns::{Turns, Workers};

pub use mining::MiningMethods;

/// Threads on which what follows the chain by `chainHead_v1_follow` works.
const FOLLOWERS_THREADS: u32 = 16;

/// What the methods answer from.
pub struct Parts<'a> {
    pub config: &'a mut Configuration,
    pub client: Arc<FullClient>,
    pub backend: Arc<FullBackend>,
    pub pool: Arc<Pool>,
    pub keystore: &'a KeystoreContainer,
    /// Takes questions to the network.
    pub network: TracingUnboundedSender<Request<Block>>,
    /// The methods for external miners, where the node mines.
    pub mining: Option<MiningMethods>,
}

/// Serves all methods until what it returns drops.
///
/// # Errors
/// When there is no address to listen at.
pub fn serve(mut parts: Parts<'_>) -> Result<(Server, Workers), Error> {
    let mining = parts.mining.take();
    for endpoint in parts.config.rpc.addr.iter_mut().flatten() {
        // Clients look at the port that it was given.
        endpoint.retry_random_port = false;
        // One answer to many requests would not be counted.
        if matches!(endpoint.batch_config, BatchRequestConfig::Unlimited) {
            endpoint.batch_config = BatchRequestConfig::Disabled;
        }
    }
    let runtime = create_rpc_runtime(FOLLOWERS_THREADS)?;
    let mut methods = stock::methods(&parts, runtime.handle())?;
    let Parts {
        config,
        client,
        pool,
        ..
    } = parts;
    let system = System::new(client.clone(), pool);
    add(&mut methods, system.into_rpc())?;
    let payment = TransactionPayment::new(client.clone());
    add(&mut methods, payment.into_rpc())?;
    add(&mut methods, FederationMethods(client).into_rpc())?;

    let (turns, workers) = Turns::start()?;
    let methods = order(&turns, &methods).map_err(error)?;
    let mut served = RpcModule::new(());
    add(&mut served, methods)?;
    // Work for miners waits for nobody.
    if let Some(mining) = mining {
        add(&mut served, mining.into_rpc())?;
    }
    let server = start_rpc_servers(
        &config.rpc,
        config.prometheus_registry(),
        &config.tokio_handle,
        served,
        runtime,
        None,
    )?;
    Ok((server, workers))
}

fn add(methods: &mut Methods, more: impl Into<Methods>) -> Result<(), Error> {
    methods.merge(more).map_err(error)
}

fn error(cause: impl Cause + Send + Sync + 'static) -> Error {
    Error::Application(Box::new(cause))
}
