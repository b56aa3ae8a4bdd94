//! What Prometheus is told of the comparison with peers.

use crate::metrics::counter;
use substrate_prometheus_endpoint::{
    Counter, F64, Gauge, GaugeVec, Opts, PrometheusError, Registry, U64, register,
};

/// Sides of a fork: this node's, and that of the chain of the alarm.
pub const SIDES: [&str; 2] = ["ours", "theirs"];

/// Series of the strategy.
#[derive(Clone)]
pub struct Metrics {
    /// Heavier chains that would take back final blocks: the alarm of a deep fork.
    pub below_finality: Counter<U64>,
    /// Weight above the fork: ours, and that of the chain of the alarm.
    pub fork_weight: GaugeVec<F64>,
    /// Headers held back because they were ahead of their time.
    pub held: Counter<U64>,
    /// Headers checked.
    pub headers: Counter<U64>,
    /// Peers given up because their branch was cheap.
    pub cheap: Counter<U64>,
    /// Whether blocks of a heavier branch are being imported.
    pub adopting: Gauge<U64>,
}

impl Metrics {
    /// Registers the series.
    ///
    /// # Errors
    /// If one of them is registered already.
    pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let counter = |name, help| counter(registry, name, help);
        let registry = registry.cloned().unwrap_or_default();
        let fork_weight = register(
            GaugeVec::new(
                Opts::new(
                    "fedchain_fork_weight",
                    "Weight above the fork of the newest chain that would take back finalised \
                     blocks; 0 while there was none",
                ),
                &["side"],
            )?,
            &registry,
        )?;
        for side in SIDES {
            fork_weight.get_metric_with_label_values(&[side])?;
        }
        Ok(Self {
            below_finality: counter(
                "fedchain_blocks_below_finality_total",
                "Heavier chains seen, by their newest block, that would take back finalised blocks",
            )?,
            held: counter(
                "fedchain_blocks_held_total",
                "Blocks held back because they were ahead of their time",
            )?,
            headers: counter(
                "fedchain_headers_checked_total",
                "Headers that peers sent to prove their chain",
            )?,
            cheap: counter(
                "fedchain_cheap_branches_total",
                "Branches given up because they had too little weight for their length",
            )?,
            fork_weight,
            adopting: register(
                Gauge::new(
                    "fedchain_adopting",
                    "Whether blocks of a heavier branch are being imported",
                )?,
                &registry,
            )?,
        })
    }
}
