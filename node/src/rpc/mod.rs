//! The node's own RPC methods, beside those of every Substrate node.

mod federation;

use crate::service::{FullClient, Pool};
use federation::{FederationMethods, FederationRpcServer};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// All methods in one module.
pub fn module(
    client: Arc<FullClient>,
    pool: Arc<Pool>,
) -> Result<RpcModule<()>, jsonrpsee::core::RegisterMethodError> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(FederationMethods(client).into_rpc())?;
    Ok(module)
}
