//! Watches the best chain change sides.

use crate::service::FullClient;
use futures::StreamExt;
use log::info;
use sc_client_api::BlockchainEvents;
use std::sync::Arc;
use substrate_prometheus_endpoint::{
    Histogram, HistogramOpts, PrometheusError, Registry, register,
};

const LOG_TARGET: &str = "reorgs";

/// A histogram of how many blocks each reorganisation took back.
///
/// # Errors
/// When it is registered already.
pub fn metric(registry: Option<&Registry>) -> Result<Histogram, PrometheusError> {
    let options = HistogramOpts::new(
        "fedchain_reorg_depth",
        "Blocks taken back by each reorganisation",
    )
    .buckets(vec![1., 2., 3., 5., 8., 13., 21., 34., 55., 89.]);
    register(
        Histogram::with_opts(options)?,
        &registry.cloned().unwrap_or_default(),
    )
}

/// Counts and logs reorganisations for as long as the client lives.
pub async fn run(client: Arc<FullClient>, depth: Histogram) {
    let mut imports = client.import_notification_stream();
    while let Some(block) = imports.next().await {
        let Some(route) = &block.tree_route else {
            continue;
        };
        let taken_back = route.retracted().len();
        if taken_back > 0 {
            depth.observe(taken_back as f64);
            info!(
                target: LOG_TARGET,
                "a heavier chain took back {taken_back} block(s) above #{}: its head is #{} ({})",
                route.common_block().number, block.header.number, block.hash,
            );
        }
    }
}
