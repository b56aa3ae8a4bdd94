//! Finality by depth: the block `depth` below the best one is final.
//!
//! Proof of work finalises nothing by itself, but much of a Substrate node waits for it: state of
//! blocks that are not final stays in memory, the pool keeps their transactions, subscriptions
//! stop. So every new best block finalises one below it, during sync as well.
//!
//! A new node must not be pinned to the first chain that a peer offers it, be it long and cheap. So
//! finality trails by [`CATCHING_UP_DEPTH`] blocks until the node has kept up with its peers for as
//! long as `depth` blocks take, time in which it meets others; and nothing is final before the chain
//! has the newest checkpoint of its specification and as much work as that asks for.

use crate::service::FullClient;
use fedchain_pow::U256;
use fedchain_runtime::{BlockNumber, Hash, opaque::Block};
use fedchain_runtime_api::ClockApi;
use futures::{FutureExt, StreamExt, select};
use log::{debug, warn};
use sc_client_api::{BlockchainEvents, Finalizer};
use sc_consensus_pow::PowAux;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const LOG_TARGET: &str = "finality";

/// How far finality trails while the node catches up. The database keeps the state of so many blocks
/// in memory.
const CATCHING_UP_DEPTH: BlockNumber = 1_024;
/// How often to look without a new block.
const TICK: Duration = Duration::from_secs(1);

/// What the chain specification says of finality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many blocks below the best one are not yet final.
    pub depth: BlockNumber,
    /// A block that the chain must have.
    pub checkpoint: Option<(BlockNumber, Hash)>,
    /// The work that the chain must have.
    pub minimum_work: U256,
}

/// Finalises blocks for as long as the client lives.
pub async fn run(client: Arc<FullClient>, rules: Rules, sync: Arc<dyn SyncOracle + Send + Sync>) {
    let mut finality = Finality {
        client: client.clone(),
        rules,
        sync,
        keeping_up_since: None,
    };
    let mut imports = client.every_import_notification_stream().fuse();
    loop {
        select! {
            block = imports.next() => match block {
                Some(block) if block.is_new_best => {}
                Some(_) => continue,
                None => return,
            },
            _ = tokio::time::sleep(TICK).fuse() => {}
        }
        if let Err(error) = finality.advance() {
            warn!(target: LOG_TARGET, "could not finalise: {error}");
        }
    }
}

struct Finality {
    client: Arc<FullClient>,
    rules: Rules,
    sync: Arc<dyn SyncOracle + Send + Sync>,
    /// Since when the node has not been behind its peers.
    keeping_up_since: Option<Instant>,
}

impl Finality {
    fn advance(&mut self) -> sp_blockchain::Result<()> {
        let info = self.client.info();
        let number = info.best_number.saturating_sub(self.depth(info.best_hash)?);
        if number <= info.finalized_number || !self.is_trusted(info.best_hash, info.best_number)? {
            return Ok(());
        }
        let Some(hash) = self.client.hash(number)? else {
            return Ok(());
        };
        self.client.finalize_block(hash, None, true)?;
        debug!(target: LOG_TARGET, "finalised #{number} ({hash})");
        Ok(())
    }

    /// How many blocks below the best one are not final now.
    fn depth(&mut self, best: Hash) -> sp_blockchain::Result<BlockNumber> {
        if self.sync.is_major_syncing() {
            self.keeping_up_since = None;
        } else {
            self.keeping_up_since.get_or_insert_with(Instant::now);
        }
        let api = self.client.runtime_api();
        let block_time_ms = api
            .block_time_ms(best)
            .map_err(|error| sp_blockchain::Error::Application(Box::new(error)))?;
        let settled = Duration::from_millis(block_time_ms).saturating_mul(self.rules.depth);
        let keeps_up = self
            .keeping_up_since
            .is_some_and(|since| since.elapsed() >= settled);
        Ok(match keeps_up {
            true => self.rules.depth,
            false => self.rules.depth.max(CATCHING_UP_DEPTH),
        })
    }

    /// Whether the best chain has the checkpoint and the work that are asked for.
    fn is_trusted(&self, best: Hash, best_number: BlockNumber) -> sp_blockchain::Result<bool> {
        if let Some((number, hash)) = self.rules.checkpoint
            && (number > best_number || self.client.hash(number)? != Some(hash))
        {
            return Ok(false);
        }
        let aux = PowAux::<U256>::read::<_, Block>(self.client.as_ref(), &best)
            .map_err(|error| sp_blockchain::Error::Application(Box::new(error)))?;
        Ok(aux.total_difficulty >= self.rules.minimum_work)
    }
}
