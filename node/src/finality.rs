//! Finality by weight: a block is final when enough of it stands on top ([`fedchain_pow::Burial`]).
//!
//! Proof of work finalises nothing by itself, but much of a Substrate node waits for it: state of
//! blocks that are not final stays in memory, the pool keeps their transactions, subscriptions
//! stop. So every new best block finalises others below it, during sync as well.
//!
//! A new node must not be pinned to the first chain that a peer offers it, be it long and cheap. So
//! finality also trails by [`CATCHING_UP_DEPTH`] blocks until the node has kept up with its peers for
//! as long as `depth` blocks take, and rests while peers are compared for the first time or a heavier
//! chain is fetched. From then on the node has watched its chain grow: it is the witness of what is
//! above, and was told what is below. Nothing is final before the chain has the newest checkpoint
//! of its specification and the weight that it asks for.

use crate::{
    headers::Headers,
    import::Import,
    service::FullClient,
    sync::{Head, Progress},
};
use fedchain_pow::{Burial, U256};
use fedchain_runtime::{BlockNumber, Hash};
use futures::{FutureExt, StreamExt, executor::block_on, select};
use log::{debug, error, info, warn};
use sc_client_api::{BlockchainEvents, Finalizer};
use sp_blockchain::Result;
use sp_consensus::SyncOracle;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        mpsc::{Receiver, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

const LOG_TARGET: &str = "finality";

/// How far finality trails while the node catches up. The database keeps the state of so many blocks
/// in memory.
pub const CATCHING_UP_DEPTH: BlockNumber = 1_024;
/// How often to look without a new block.
const TICK: Duration = Duration::from_secs(1);
/// The database forgets the branches that lose by recursion, one frame per block: databases of version
/// 0.1.0 can hold branches of thousands.
const STACK_BYTES: usize = 64 << 20;
/// Blocks that are finalised at once.
const STEP: usize = 64;

/// What the chain specification says of finality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A block is final below the weight of so many.
    pub depth: BlockNumber,
    /// A block that the chain must have.
    pub checkpoint: Option<(BlockNumber, Hash)>,
    /// The weight that the chain must have.
    pub minimum_work: U256,
}

/// What finality works with.
pub struct Parts {
    /// The client.
    pub client: Arc<FullClient>,
    /// Its headers.
    pub headers: Headers,
    /// Its import, which is held while blocks are finalised.
    pub import: Import,
    /// When blocks are final.
    pub rules: Rules,
    /// Whether the node is behind its peers.
    pub sync: Arc<dyn SyncOracle + Send + Sync>,
    /// Whether finality has to rest.
    pub progress: Arc<Progress>,
}

/// Finalises blocks for as long as the node runs, on a thread of its own.
pub async fn run(parts: Parts) {
    let mut imports = parts.client.every_import_notification_stream().fuse();
    let (wake, woken) = sync_channel(1);
    let finality = Finality {
        parts,
        unfinal: VecDeque::new(),
        keeping_up_since: None,
    };
    let thread = thread::Builder::new()
        .name("finality".into())
        .stack_size(STACK_BYTES)
        .spawn(move || finality.run(&woken));
    if let Err(failure) = thread {
        error!(target: LOG_TARGET, "there is no thread for finality: {failure}");
        return;
    }
    loop {
        select! {
            block = imports.next() => match block {
                Some(block) if block.is_new_best => {}
                Some(_) => continue,
                None => return,
            },
            _ = tokio::time::sleep(TICK).fuse() => {}
        }
        if let Err(TrySendError::Disconnected(())) = wake.try_send(()) {
            return;
        }
    }
}

/// A block of the best chain that is not final.
struct Unfinal {
    block: Head,
    /// Weight of the chain up to it.
    weight: U256,
    /// The median before it.
    median: U256,
}

struct Finality {
    parts: Parts,
    /// Oldest first.
    unfinal: VecDeque<Unfinal>,
    /// Since when the node has not been behind its peers.
    keeping_up_since: Option<Instant>,
}

impl Finality {
    fn run(mut self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            if let Err(failure) = self.advance() {
                warn!(target: LOG_TARGET, "could not finalise: {failure}");
            }
        }
    }

    fn advance(&mut self) -> Result<()> {
        let keeps_up = self.keeps_up();
        if keeps_up {
            self.bear_witness()?;
        }
        loop {
            let import = self.parts.import.clone();
            let still = block_on(import.hold_still());
            if self.parts.progress.forbids_finality() || !self.is_trusted()? {
                return Ok(());
            }
            self.refresh()?;
            let Some(count) = self.count_final(keeps_up) else {
                return Ok(());
            };
            let last = count.min(STEP);
            let Some(Head { number, hash }) =
                self.unfinal.drain(..last).next_back().map(|it| it.block)
            else {
                return Ok(());
            };
            self.parts.client.finalize_block(hash, None, true)?;
            drop(still);
            debug!(target: LOG_TARGET, "finalised #{number} ({hash})");
        }
    }

    /// Whether the node has kept up with its peers for as long as `depth` blocks take.
    fn keeps_up(&mut self) -> bool {
        if self.parts.sync.is_major_syncing() {
            self.keeping_up_since = None;
        } else {
            self.keeping_up_since.get_or_insert_with(Instant::now);
        }
        let block_time = Duration::from_millis(self.parts.headers.rules().block_time_ms);
        let settled = block_time.saturating_mul(self.parts.rules.depth);
        self.keeping_up_since
            .is_some_and(|since| since.elapsed() >= settled)
    }

    /// Notes where the history begins that this node has watched.
    fn bear_witness(&self) -> Result<()> {
        let headers = &self.parts.headers;
        let best = headers.best().number;
        if headers.witness()?.is_some() || best == 0 {
            return Ok(());
        }
        info!(target: LOG_TARGET, "this node keeps up; it has watched the chain from #{best} on");
        headers.set_witness(best)
    }

    /// Whether the best chain has the checkpoint and the weight that are asked for.
    fn is_trusted(&self) -> Result<bool> {
        let (headers, rules) = (&self.parts.headers, &self.parts.rules);
        let best = headers.best();
        if let Some((number, hash)) = rules.checkpoint
            && (number > best.number || headers.canonical(number)? != Some(hash))
        {
            return Ok(false);
        }
        let weight = headers.weight(best.hash)?.unwrap_or_default();
        Ok(weight >= rules.minimum_work)
    }

    /// Brings the blocks that are not final up to date with the best chain.
    fn refresh(&mut self) -> Result<()> {
        let headers = &self.parts.headers;
        let finalised = headers.finalised().number;
        let mut new = vec![];
        let mut at = headers.best();
        while at.number > finalised {
            while self
                .unfinal
                .back()
                .is_some_and(|it| it.block.number > at.number)
            {
                self.unfinal.pop_back();
            }
            if self.unfinal.back().is_some_and(|it| it.block == at) {
                break;
            }
            let Some(header) = self.parts.client.header(at.hash)? else {
                break;
            };
            let before = headers.chain_at(header.parent_hash)?;
            new.push(Unfinal {
                block: at,
                weight: headers.weight(at.hash)?.unwrap_or_default(),
                median: before.map_or(U256::MAX, |chain| chain.median()),
            });
            at = Head {
                number: at.number.saturating_sub(1),
                hash: header.parent_hash,
            };
        }
        let stale = |it: &Unfinal| it.block.number > at.number;
        self.unfinal.retain(|it| !stale(it));
        self.unfinal.extend(new.into_iter().rev());
        while self
            .unfinal
            .front()
            .is_some_and(|it| it.block.number <= finalised)
        {
            self.unfinal.pop_front();
        }
        Ok(())
    }

    /// How many of them are final now, if any is.
    fn count_final(&self, keeps_up: bool) -> Option<usize> {
        let best = self.unfinal.back()?;
        let trails = if keeps_up { 0 } else { CATCHING_UP_DEPTH };
        let last = self.unfinal.iter().rposition(|it| {
            let burial = Burial {
                weight_above: best.weight.saturating_sub(it.weight),
                blocks_above: best.block.number.saturating_sub(it.block.number),
                median_then: it.median,
                median_now: best.median,
            };
            burial.blocks_above >= trails && burial.is_final(self.parts.rules.depth)
        });
        Some(last?.saturating_add(1))
    }
}
