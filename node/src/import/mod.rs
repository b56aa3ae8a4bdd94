//! Which blocks come in, one at a time, and which of them is best.
//!
//! ```text
//! block -> parent known -> not below finality -> sealed -> due -> execute, weigh, store
//!               | no             | no               | no     | no
//!            unknown          obsolete           invalid   held back, and tried again when due
//! ```
//!
//! This stands before the import of `sc-consensus-pow`, which executes a block's inherents before it
//! looks at the seal, punishes peers for blocks ahead of their time, and compares a block with the
//! best one before it takes the client's own lock.

mod hold;
mod metrics;

use crate::{pow::Blake2Pow, service::FullClient};
use fedchain_pow::U256;
use fedchain_runtime::{Hash, opaque::Block};
use fedchain_runtime_api::ClockApi;
use futures::lock::Mutex;
use log::{debug, error, warn};
use sc_consensus::{
    BlockCheckParams, BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy,
    ImportResult,
};
use sc_consensus_pow::{INTERMEDIATE_KEY, PowAlgorithm, PowAux, PowIntermediate};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::{HeaderBackend, lowest_common_ancestor};
use sp_consensus::{BlockOrigin, Error};
use sp_runtime::{DigestItem, generic::BlockId};
use std::{cmp::Ordering, sync::Arc};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use tokio::sync::Notify;

pub use hold::Held;
use hold::Hold;
use metrics::Metrics;

const LOG_TARGET: &str = "import";

/// A block import that the import queue and the miner share.
#[derive(Clone)]
pub struct Import {
    inner: Arc<Mutex<BoxBlockImport<Block>>>,
    client: Arc<FullClient>,
    algorithm: Blake2Pow,
    hold: Hold,
    metrics: Metrics,
    /// Told when the database cannot be written.
    broken: Arc<Notify>,
}

impl Import {
    /// Puts `inner` behind the checks and a lock; the second is to be run as a task.
    ///
    /// # Errors
    /// When a metric has been registered before.
    pub fn new(
        inner: BoxBlockImport<Block>,
        client: Arc<FullClient>,
        algorithm: Blake2Pow,
        registry: Option<&Registry>,
    ) -> Result<(Self, Held), PrometheusError> {
        let (hold, held) = hold::channel();
        let import = Self {
            inner: Arc::new(Mutex::new(inner)),
            client,
            algorithm,
            hold,
            metrics: Metrics::new(registry)?,
            broken: Arc::default(),
        };
        Ok((import, held))
    }

    /// Ends when the database cannot be written. A node must end then: what it has in memory is not
    /// on disk, and after a restart it goes on from what is.
    pub fn broken(&self) -> impl Future<Output = ()> + use<> {
        let broken = self.broken.clone();
        async move { broken.notified().await }
    }

    fn look_at_database(&self, failure: &Error) {
        let best = self.client.info().best_hash;
        let is_whole = matches!(self.client.header(best), Ok(Some(_)));
        if !is_whole || failure.to_string().contains("Database error") {
            error!(
                target: LOG_TARGET,
                "the database cannot be written: {failure}. The node ends; make sure that its disk has \
                 room, then start it again"
            );
            self.broken.notify_one();
        }
    }

    /// Whether a block can be executed now; if not, what becomes of it.
    fn admit(&self, block: &BlockImportParams<Block>) -> Result<Admission, Error> {
        let parent = block.header.parent_hash;
        let Some(parent_header) = self.client.header(parent).map_err(lookup)? else {
            return Ok(Admission::Refused(ImportResult::UnknownParent));
        };
        if self.is_below_finality(parent, parent_header.number)? {
            self.metrics.below_finality.inc();
            warn!(
                target: LOG_TARGET,
                "block #{} ({:?}) is refused: it would take back finalised blocks (see \"Forks \
                 beyond finality\" in docs/operating.md)",
                block.header.number,
                block.post_hash(),
            );
            // Obsolete: the peer is not punished, for it may be right and this node on a fork.
            return Ok(Admission::Refused(ImportResult::MissingState));
        }
        let difficulty = self.algorithm.difficulty(parent)?;
        self.check_seal(block, difficulty)?;
        // What the node mined itself was stamped by this clock.
        let ahead_ms = match block.origin {
            BlockOrigin::Own => 0,
            _ => self.ahead_ms(block)?,
        };
        match ahead_ms {
            0 => Ok(Admission::Due(difficulty)),
            ahead_ms => Ok(Admission::Early(ahead_ms)),
        }
    }

    /// Whether a block on `parent` would make a fork that leaves out the finalised block.
    fn is_below_finality(&self, parent: Hash, parent_number: u32) -> Result<bool, Error> {
        let info = self.client.info();
        if parent_number < info.finalized_number {
            return Ok(true);
        }
        if self.client.hash(parent_number).map_err(lookup)? == Some(parent) {
            return Ok(false);
        }
        let common = lowest_common_ancestor(self.client.as_ref(), info.finalized_hash, parent);
        Ok(common.map_err(lookup)?.hash != info.finalized_hash)
    }

    fn check_seal(&self, block: &BlockImportParams<Block>, difficulty: U256) -> Result<(), Error> {
        let logs = block.header.digest.logs();
        let claim = logs.iter().find_map(DigestItem::as_pre_runtime);
        let seal = block.post_digests.last().and_then(DigestItem::as_seal);
        let (Some((_, claim)), Some((_, seal))) = (claim, seal) else {
            return Err(Error::ClientImport(
                "the header has no claim or no seal".into(),
            ));
        };
        let parent = BlockId::Hash(block.header.parent_hash);
        let pre_hash = block.header.hash();
        let is_valid =
            self.algorithm
                .verify(&parent, &pre_hash, Some(claim), &seal.to_vec(), difficulty)?;
        match is_valid {
            true => Ok(()),
            false => Err(Error::ClientImport(
                "the header's claim or seal does not meet the difficulty".into(),
            )),
        }
    }

    /// How far ahead of the time at which it is due a block is stamped, in milliseconds. One that is
    /// stamped two block times ahead is just due.
    fn ahead_ms(&self, block: &BlockImportParams<Block>) -> Result<u64, Error> {
        let Some(first) = block.body.as_ref().and_then(|body| body.first()) else {
            return Ok(0);
        };
        let api = self.client.runtime_api();
        let parent = block.header.parent_hash;
        let call = |error: sp_api::ApiError| Error::ClientImport(error.to_string());
        let stamp = api.timestamp_ms(parent, first.clone()).map_err(call)?;
        let block_time = api.block_time_ms(parent).map_err(call)?;
        let due = stamp
            .unwrap_or(0)
            .saturating_sub(block_time.saturating_mul(2));
        let now = sp_timestamp::InherentDataProvider::from_system_time();
        Ok(due.saturating_sub(now.timestamp().as_millis()))
    }

    /// The heavier chain is best; of two as heavy, the one whose block has the lower hash, so that
    /// all nodes agree whichever they saw first.
    fn weigh(
        &self,
        block: &BlockImportParams<Block>,
        difficulty: U256,
    ) -> Result<ForkChoiceStrategy, Error> {
        let work = |hash| -> Result<U256, Error> {
            let aux = PowAux::<U256>::read::<_, Block>(self.client.as_ref(), &hash)?;
            Ok(aux.total_difficulty)
        };
        let best = self.client.info().best_hash;
        let ours = work(block.header.parent_hash)?.saturating_add(difficulty);
        let is_best = match ours.cmp(&work(best)?) {
            Ordering::Less => false,
            Ordering::Equal => block.post_hash() < best,
            Ordering::Greater => true,
        };
        Ok(ForkChoiceStrategy::Custom(is_best))
    }
}

/// What becomes of a block before its execution.
enum Admission {
    /// It is executed; its difficulty.
    Due(U256),
    /// It is ahead of its time, by so many milliseconds.
    Early(u64),
    /// It is refused.
    Refused(ImportResult),
}

#[async_trait::async_trait]
impl BlockImport<Block> for Import {
    type Error = Error;

    async fn check_block(&self, block: BlockCheckParams<Block>) -> Result<ImportResult, Error> {
        self.inner.lock().await.check_block(block).await
    }

    async fn import_block(
        &self,
        mut block: BlockImportParams<Block>,
    ) -> Result<ImportResult, Error> {
        let inner = self.inner.lock().await;
        let difficulty = match self.admit(&block)? {
            Admission::Due(difficulty) => difficulty,
            Admission::Early(ahead_ms) => {
                debug!(target: LOG_TARGET, "block #{} is {ahead_ms} ms early", block.header.number);
                self.metrics.held.inc();
                self.hold.keep(block, ahead_ms);
                return Ok(ImportResult::MissingState);
            }
            Admission::Refused(answer) => return Ok(answer),
        };
        block.fork_choice = Some(self.weigh(&block, difficulty)?);
        // So that the inner import does not ask again.
        let intermediate = block.get_intermediate_mut::<PowIntermediate<U256>>(INTERMEDIATE_KEY)?;
        intermediate.difficulty = Some(difficulty);
        let answer = inner.import_block(block).await;
        answer.inspect_err(|failure| self.look_at_database(failure))
    }
}

fn lookup(error: sp_blockchain::Error) -> Error {
    Error::ChainLookup(error.to_string())
}
