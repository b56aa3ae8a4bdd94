//! The node's own RPC methods, beside those of every Substrate node.

mod federation;
mod mining;
mod turns;

use crate::service::{FullClient, Pool};
use federation::{FederationMethods, FederationRpcServer};
use jsonrpsee::RpcModule;
use mining::MiningServer;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

pub use mining::MiningMethods;

/// All methods in one module; those for external miners where the node mines.
pub fn module(
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    mining: Option<MiningMethods>,
) -> Result<RpcModule<()>, jsonrpsee::core::RegisterMethodError> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(FederationMethods::new(client).into_rpc())?;
    if let Some(mining) = mining {
        module.merge(mining.into_rpc())?;
    }
    Ok(module)
}
