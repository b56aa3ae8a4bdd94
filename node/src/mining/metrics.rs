//! What Prometheus is told of mining.

use crate::metrics::counter;
use substrate_prometheus_endpoint::{Counter, PrometheusError, Registry, U64};

/// Counters of the miner.
#[derive(Clone)]
pub struct Metrics {
    /// Nonces tried by the node's own threads; its rate is the hash rate.
    pub hashes: Counter<U64>,
    /// Templates built.
    pub templates: Counter<U64>,
    /// Seals that came too late for their template.
    pub stale: Counter<U64>,
    /// Blocks mined and imported.
    pub blocks: Counter<U64>,
}

impl Metrics {
    /// Registers the counters.
    ///
    /// # Errors
    /// When one of them is registered already.
    pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let counter = |name, help| counter(registry, name, help);
        Ok(Self {
            hashes: counter(
                "fedchain_hashes_total",
                "Nonces tried by the node's own threads",
            )?,
            templates: counter("fedchain_templates_total", "Block templates built")?,
            stale: counter(
                "fedchain_stale_work_total",
                "Seals that came too late for their template",
            )?,
            blocks: counter("fedchain_blocks_mined_total", "Blocks mined and imported")?,
        })
    }
}
