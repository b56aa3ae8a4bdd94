//! What Prometheus is told of imports.

use crate::metrics::counter;
use substrate_prometheus_endpoint::{Counter, PrometheusError, Registry, U64};

/// Counters of blocks that were not imported at once.
#[derive(Clone)]
pub struct Metrics {
    /// Blocks refused because they would take back finalised ones: the alarm of a deep fork.
    pub below_finality: Counter<U64>,
    /// Blocks held back because they were ahead of their time.
    pub held: Counter<U64>,
}

impl Metrics {
    /// Registers the counters.
    ///
    /// # Errors
    /// When one of them is registered already.
    pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let counter = |name, help| counter(registry, name, help);
        Ok(Self {
            below_finality: counter(
                "fedchain_blocks_below_finality_total",
                "Blocks refused because they would take back finalised ones",
            )?,
            held: counter(
                "fedchain_blocks_held_total",
                "Blocks held back because they were ahead of their time",
            )?,
        })
    }
}
