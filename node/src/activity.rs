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
        let counters = |name, help, label| {
            register(CounterVec::new(Opts::new(name, help), &[label])?, &registry)
        };
        Ok(Self {
            federations: counters(
                "fedchain_federations_total",
                "Federations that were created, finished, cancelled or removed",
                "what",
            )?,
            rounds: counters(
                "fedchain_rounds_total",
                "Rounds by what became of them: opened, adopted, skipped, ungated or worse",
                "what",
            )?,
            updates: counters(
                "fedchain_updates_total",
                "Commitments and updates by what became of them: committed, accepted, beyond_norm, \
                 withheld, or the name of the error that refused one in a block",
                "result",
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
