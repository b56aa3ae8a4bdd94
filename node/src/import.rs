//! Which blocks come in, one at a time, and which of them is best.
//!
//! ```text
//! block -> parent known -> not below finality -> header right -> due -> execute, weigh, store
//!               | no             | no                | no          | no
//!            unknown          obsolete            invalid       obsolete
//! ```
//!
//! This stands before the import of `sc-consensus-pow`, which executes a block's inherents before it
//! looks at the seal, punishes peers for blocks ahead of their time, and compares a block with the
//! best one before it takes the client's own lock. What peers offer has been chosen by [`crate::sync`].

use crate::{
    headers::{Headers, weight_entry},
    service::FullClient,
};
use fedchain_pow::{HeaderChain, U256};
use fedchain_runtime::{Hash, opaque::Block};
use futures::lock::{Mutex, MutexGuard};
use log::{debug, error, warn};
use sc_consensus::{
    BlockCheckParams, BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy,
    ImportResult,
};
use sc_consensus_pow::{INTERMEDIATE_KEY, PowIntermediate};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Error};
use std::sync::Arc;
use tokio::sync::Notify;

const LOG_TARGET: &str = "import";

/// A block import that the import queue and the miner share.
#[derive(Clone)]
pub struct Import {
    inner: Arc<Mutex<BoxBlockImport<Block>>>,
    client: Arc<FullClient>,
    headers: Headers,
    /// Told when the database cannot be written.
    broken: Arc<Notify>,
}

impl Import {
    /// Puts `inner` behind the checks and a lock.
    pub fn new(inner: BoxBlockImport<Block>, client: Arc<FullClient>, headers: Headers) -> Self {
        Self {
            inner: Arc::new(Mutex::new(inner)),
            client,
            headers,
            broken: Arc::default(),
        }
    }

    /// Ends when the database cannot be written. A node must end then: what it has in memory is not
    /// on disk, and after a restart it goes on from what is.
    pub fn broken(&self) -> impl Future<Output = ()> + use<> {
        let broken = self.broken.clone();
        async move { broken.notified().await }
    }

    /// Keeps the best block as it is until the guard is dropped.
    pub async fn hold_still(&self) -> MutexGuard<'_, BoxBlockImport<Block>> {
        self.inner.lock().await
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

    /// Whether a block can be executed now; if so, the chain of headers up to it.
    fn admit(&self, block: &BlockImportParams<Block>) -> Result<Admission, Error> {
        let parent = block.header.parent_hash;
        let Some(mut chain) = self.headers.chain_at(parent).map_err(lookup)? else {
            return Ok(Admission::Refused(ImportResult::UnknownParent));
        };
        if self.is_below_finality(parent)? {
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
        let header = block.post_header();
        chain
            .follow(&header)
            .map_err(|fault| Error::ClientImport(format!("the header is wrong: {fault}")))?;
        // What the node mined itself was stamped by this clock.
        if block.origin != BlockOrigin::Own && self.is_early(&chain) {
            debug!(target: LOG_TARGET, "block #{} is ahead of its time", header.number);
            return Ok(Admission::Refused(ImportResult::MissingState));
        }
        Ok(Admission::Due(Box::new(chain)))
    }

    /// Whether a block on `parent` would make a fork that leaves out the finalised block.
    fn is_below_finality(&self, parent: Hash) -> Result<bool, Error> {
        let finalised = self.client.info().finalized_number;
        let common = self.headers.common(parent).map_err(lookup)?;
        Ok(common.is_none_or(|common| common.number < finalised))
    }

    /// Whether the tip is stamped more than two block times ahead of the clock.
    fn is_early(&self, chain: &HeaderChain) -> bool {
        let now = sp_timestamp::InherentDataProvider::from_system_time();
        chain.due_ms() > now.timestamp().as_millis()
    }

    /// The heavier chain is best; of two as heavy, the one that was there first, so that nothing is
    /// gained by withholding a block whose hash is lucky.
    fn choose(&self, chain: &HeaderChain) -> Result<ForkChoiceStrategy, Error> {
        let best = self.client.info().best_hash;
        let best: Option<U256> = self.headers.weight(best).map_err(lookup)?;
        let is_best = chain.weight() > best.unwrap_or_default();
        Ok(ForkChoiceStrategy::Custom(is_best))
    }
}

/// What becomes of a block before its execution.
enum Admission {
    /// It is executed; the headers up to it.
    Due(Box<HeaderChain>),
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
        let chain = match self.admit(&block)? {
            Admission::Due(chain) => chain,
            Admission::Refused(answer) => return Ok(answer),
        };
        block.fork_choice = Some(self.choose(&chain)?);
        block.auxiliary.push(weight_entry(&chain));
        // So that the inner import does not ask the runtime.
        let difficulty = chain.tip_difficulty();
        let intermediate = block.get_intermediate_mut::<PowIntermediate<U256>>(INTERMEDIATE_KEY)?;
        intermediate.difficulty = Some(difficulty);
        let answer = inner.import_block(block).await;
        if let Ok(ImportResult::Imported(_)) = answer {
            self.headers.remember(*chain);
        }
        answer.inspect_err(|failure| self.look_at_database(failure))
    }
}

fn lookup(error: sp_blockchain::Error) -> Error {
    Error::ChainLookup(error.to_string())
}
