//! How the parts of the node make their Prometheus series.

use substrate_prometheus_endpoint::{Counter, PrometheusError, Registry, U64, register};

/// A counter, registered where there is a registry.
///
/// # Errors
/// When a series of this name is registered already.
pub fn counter(
    registry: Option<&Registry>,
    name: &str,
    help: &str,
) -> Result<Counter<U64>, PrometheusError> {
    let counter = Counter::new(name, help)?;
    match registry {
        Some(registry) => register(counter, registry),
        None => Ok(counter),
    }
}
