//! When to build a template: after a new best block, a new transaction, or a while.

use super::{Config, LOG_TARGET, pace::Pace, template::Builder, work::WorkCell};
use crate::service::{FullClient, Pool};
use fedchain_runtime::Hash;
use futures::{FutureExt, Stream, StreamExt, channel::mpsc::UnboundedReceiver, select};
use log::{debug, info, warn};
use sc_client_api::BlockchainEvents;
use sc_transaction_pool_api::TransactionPool;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use substrate_prometheus_endpoint::{Counter, U64};

/// How long to wait where only an event can make a template due.
const IDLE: Duration = Duration::from_secs(1);

/// Keeps the work cell filled.
pub struct Schedule {
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    sync: Arc<dyn SyncOracle + Send + Sync>,
    builder: Builder,
    cell: Arc<WorkCell>,
    pace: Pace,
    /// Whether to mine without peers.
    alone: bool,
    /// The best block, and since when it is; `None` before the first look.
    best: Option<(Hash, Instant)>,
    /// When the last template on the best block was built, and how long that took.
    built: Option<(Instant, Duration)>,
    /// Whether the newest template has transactions: the best block may be made of it.
    has_transactions: bool,
    /// Whether the best block was made while the newest template had some: what they set off, like an
    /// aggregation, goes on in the next block.
    work_goes_on: bool,
    /// Counts the templates.
    templates: Counter<U64>,
    /// Whether transactions came in since then.
    transactions_new: bool,
    paused: bool,
}

impl Schedule {
    /// A schedule that has not looked at the chain yet.
    pub fn new(
        client: Arc<FullClient>,
        pool: Arc<Pool>,
        sync: Arc<dyn SyncOracle + Send + Sync>,
        builder: Builder,
        cell: Arc<WorkCell>,
        config: &Config,
        templates: Counter<U64>,
    ) -> Self {
        Self {
            client,
            pool,
            sync,
            builder,
            cell,
            pace: config.pace,
            alone: config.alone,
            best: None,
            built: None,
            has_transactions: false,
            work_goes_on: false,
            templates,
            transactions_new: false,
            paused: false,
        }
    }

    /// Runs until the node stops. `imported` says when a block of our own was imported, or failed.
    pub async fn run(mut self, mut imported: UnboundedReceiver<()>) {
        let mut blocks = self.client.every_import_notification_stream().fuse();
        let mut transactions = self.pool.import_notification_stream().fuse();
        loop {
            let wait = self.step().await;
            select! {
                _ = tokio::time::sleep(wait).fuse() => {}
                block = blocks.next() => if block.is_none() { return },
                done = imported.next() => if done.is_none() { return },
                transaction = transactions.next() => {
                    if transaction.is_none() {
                        return;
                    }
                    drain(&mut transactions);
                    self.transactions_new = true;
                }
            }
        }
    }

    /// Does what is due and returns how long nothing else will be.
    async fn step(&mut self) -> Duration {
        if self.must_pause() {
            self.cell.close();
            return IDLE;
        }
        let best = self.client.info().best_hash;
        if self.best.is_none_or(|(hash, _)| hash != best) {
            // The block found at the start is an old one: it need not be paced.
            let age = match self.best {
                None => self.pace.first(false),
                Some(_) => Duration::ZERO,
            };
            let now = Instant::now();
            self.best = Some((best, now.checked_sub(age).unwrap_or(now)));
            self.built = None;
            self.work_goes_on = std::mem::take(&mut self.has_transactions);
            self.cell.close();
        }
        if self.cell.is_importing_on(&best) {
            return IDLE;
        }
        let wait = self.wait();
        if wait.is_zero() {
            self.build(best).await;
            return self.wait();
        }
        wait
    }

    /// How long until a template is due.
    fn wait(&self) -> Duration {
        let (from, wait) = match (self.built, self.best) {
            (Some((at, took)), _) => (at, self.pace.next(self.transactions_new, took)),
            (None, Some((_, since))) => {
                let work_waits = self.work_goes_on || self.pool.status().ready > 0;
                (since, self.pace.first(work_waits))
            }
            (None, None) => return Duration::ZERO,
        };
        wait.saturating_sub(from.elapsed())
    }

    async fn build(&mut self, parent: Hash) {
        self.transactions_new = false;
        let start = Instant::now();
        let template = self.builder.build(parent).await;
        let now = Instant::now();
        self.built = Some((now, now.duration_since(start)));
        self.templates.inc();
        match template {
            // The best block may have changed meanwhile.
            Ok(template) if self.client.info().best_hash == parent => {
                debug!(
                    target: LOG_TARGET,
                    "template #{} with {} transactions",
                    template.number(),
                    template.transactions()
                );
                self.has_transactions = template.transactions() > 0;
                self.cell.open(template);
            }
            Ok(_) => {}
            Err(error) => warn!(target: LOG_TARGET, "no template on {parent}: {error}"),
        }
    }

    /// Whether mining would be of no use now: the chain is being synced, or nobody would hear.
    fn must_pause(&mut self) -> bool {
        let reason = if self.sync.is_major_syncing() {
            Some("the chain is being synced")
        } else if !self.alone && self.sync.is_offline() {
            Some("there are no peers (--mine-alone mines anyway)")
        } else {
            None
        };
        if let Some(reason) = reason
            && !self.paused
        {
            info!(target: LOG_TARGET, "mining pauses: {reason}");
        }
        self.paused = reason.is_some();
        self.paused
    }
}

/// Drops what is ready in `stream`: many transactions need one template.
fn drain(stream: &mut (impl Stream + Unpin)) {
    while let Some(Some(_)) = stream.next().now_or_never() {}
}
