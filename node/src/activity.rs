//! What happens on the best chain, for Prometheus.
//!
//! Read from the events and the weight of every block that becomes the best one, by the types of the
//! runtime in this program: after an upgrade of the chain that changes them, counting stops until the
//! node is upgraded too.

use crate::service::FullClient;
use codec::{Decode, DecodeAll};
use fedchain_fl::view::Outcome;
use fedchain_runtime::{Hash, Runtime, RuntimeEvent};
use frame_support::{
    dispatch::{DispatchClass, PerDispatchClass},
    traits::PalletInfoAccess,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_SECOND},
};
use frame_system::EventRecord;
use futures::StreamExt;
use log::warn;
use pallet_federation::{Error, Event};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sp_runtime::DispatchError;
use std::sync::Arc;
use substrate_prometheus_endpoint::{
    Counter, CounterVec, F64, Opts, PrometheusError, Registry, U64, register,
};

const LOG_TARGET: &str = "activity";

/// What becomes of federations.
const FEDERATIONS: [&str; 4] = ["created", "finished", "cancelled", "removed"];
/// What becomes of rounds.
const ROUNDS: [&str; 6] = [
    "opened", "adopted", "skipped", "crowded", "ungated", "worse",
];
/// What becomes of updates, unless an error refuses them.
const UPDATES: [&str; 4] = ["committed", "accepted", "beyond_norm", "withheld"];

/// Counters of what federations do.
pub struct Metrics {
    federations: CounterVec<U64>,
    rounds: CounterVec<U64>,
    updates: CounterVec<U64>,
    hooks: Counter<F64>,
}

impl Metrics {
    /// Registers the counters.
    ///
    /// # Errors
    /// When one of them is registered already.
    pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let registry = registry.cloned().unwrap_or_default();
        Ok(Self {
            federations: counters(
                &registry,
                "fedchain_federations_total",
                "Federations that were created, finished, cancelled or removed",
                "what",
                FEDERATIONS,
            )?,
            rounds: counters(
                &registry,
                "fedchain_rounds_total",
                "Rounds by what became of them: opened, adopted, skipped, crowded, ungated or worse",
                "what",
                ROUNDS,
            )?,
            updates: counters(
                &registry,
                "fedchain_updates_total",
                "Commitments and updates by what became of them: committed, accepted, beyond_norm, \
                 withheld, or the name of the error that refused one in a block",
                "result",
                UPDATES.into_iter().chain(errors()),
            )?,
            hooks: register(
                Counter::new(
                    "fedchain_hook_seconds_total",
                    "Weight of inherents and hooks, which aggregation dominates, as seconds of the \
                     machine that the weights were measured on",
                )?,
                &registry,
            )?,
        })
    }

    fn count(&self, event: &RuntimeEvent) {
        let (counter, label) = match event {
            RuntimeEvent::Federation(event) => match event {
                Event::FederationCreated { .. } => (&self.federations, "created"),
                Event::FederationFinished { .. } => (&self.federations, "finished"),
                Event::FederationCancelled { .. } => (&self.federations, "cancelled"),
                Event::FederationRemoved { .. } => (&self.federations, "removed"),
                Event::RoundOpened { .. } => (&self.rounds, "opened"),
                Event::RoundClosed { outcome, .. } => match outcome {
                    Outcome::Adopted => (&self.rounds, "adopted"),
                    Outcome::Skipped => (&self.rounds, "skipped"),
                    Outcome::Crowded => (&self.rounds, "crowded"),
                    Outcome::Ungated => (&self.rounds, "ungated"),
                    Outcome::Worse => (&self.rounds, "worse"),
                },
                Event::UpdateCommitted { .. } => (&self.updates, "committed"),
                Event::UpdateAccepted { .. } => (&self.updates, "accepted"),
                Event::UpdateRejected { .. } => (&self.updates, "beyond_norm"),
                Event::BondBurned { .. } => (&self.updates, "withheld"),
                _ => return,
            },
            RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
                dispatch_error: DispatchError::Module(error),
                ..
            }) if usize::from(error.index) == fedchain_runtime::Federation::index() => {
                let Ok(error) = Error::<Runtime>::decode(&mut error.error.as_slice()) else {
                    return;
                };
                (&self.updates, error.as_str())
            }
            _ => return,
        };
        counter.with_label_values(&[label]).inc();
    }
}

/// A counter of each value of the label, all of them at 0: of one that appears with its first event,
/// Prometheus sees no increase.
fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: impl IntoIterator<Item = &'static str>,
) -> Result<CounterVec<U64>, PrometheusError> {
    let counters = register(CounterVec::new(Opts::new(name, help), &[label])?, registry)?;
    for value in values {
        counters.get_metric_with_label_values(&[value])?;
    }
    Ok(counters)
}

/// The names of the pallet's errors.
fn errors() -> impl Iterator<Item = &'static str> {
    let error = |code: u8| Error::<Runtime>::decode(&mut [code].as_slice()).ok();
    (0..=u8::MAX).filter_map(error).map(|error| error.as_str())
}

/// Counts for as long as the client lives.
pub async fn run(client: Arc<FullClient>, metrics: Metrics) {
    let mut imports = client.import_notification_stream();
    let mut understands = true;
    while let Some(block) = imports.next().await {
        if !block.is_new_best {
            continue;
        }
        let read = read(&client, block.hash);
        if read.is_none() && understands {
            warn!(target: LOG_TARGET, "block {} cannot be counted: is this node too old?", block.hash);
        }
        understands = read.is_some();
        let Some((events, weight)) = read else {
            continue;
        };
        for record in &events {
            metrics.count(&record.event);
        }
        let hooks = weight.get(DispatchClass::Mandatory).ref_time() as f64
            / WEIGHT_REF_TIME_PER_SECOND as f64;
        metrics.hooks.inc_by(hooks);
    }
}

type Events = Vec<EventRecord<RuntimeEvent, Hash>>;

/// Events and weight of a block.
fn read(client: &FullClient, block: Hash) -> Option<(Events, PerDispatchClass<Weight>)> {
    let value = |key: [u8; 32]| {
        let value = client.storage(block, &StorageKey(key.to_vec())).ok()??;
        Some(value.0)
    };
    let events = value(frame_support::storage::storage_prefix(b"System", b"Events"))?;
    let weight = value(frame_support::storage::storage_prefix(
        b"System",
        b"BlockWeight",
    ))?;
    Some((
        Events::decode_all(&mut events.as_slice()).ok()?,
        PerDispatchClass::decode_all(&mut weight.as_slice()).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use substrate_prometheus_endpoint::prometheus::TextEncoder;

    #[test]
    fn all_that_can_happen_is_told_before_it_does() {
        let registry = Registry::new();
        Metrics::new(Some(&registry)).unwrap();
        let text = TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        for line in [
            r#"fedchain_federations_total{what="removed"} 0"#,
            r#"fedchain_rounds_total{what="crowded"} 0"#,
            r#"fedchain_updates_total{result="withheld"} 0"#,
            r#"fedchain_updates_total{result="UnknownFederation"} 0"#,
            r#"fedchain_updates_total{result="WrongRows"} 0"#,
        ] {
            assert!(
                text.lines().any(|told| told == line),
                "{line} is not in {text}"
            );
        }
    }
}
