//! Blocks ahead of their time, kept until they are due.

use super::{Import, LOG_TARGET};
use fedchain_runtime::opaque::Block;
use futures::{
    StreamExt,
    channel::mpsc::{Receiver, Sender, channel as bounded},
    stream::FuturesUnordered,
};
use log::{debug, warn};
use sc_consensus::{BlockImport, BlockImportParams};
use std::time::Duration;

/// Blocks that are kept, at most; each has cost its miner a full seal.
const HELD_MAX: usize = 64;
/// Blocks further ahead than this are not kept: their clock is wrong, not early.
const AHEAD_MS_MAX: u64 = 60_000;

/// Where early blocks are put.
#[derive(Clone)]
pub struct Hold(Sender<(BlockImportParams<Block>, u64)>);

/// Waits with early blocks.
pub struct Held(Receiver<(BlockImportParams<Block>, u64)>);

/// A place for early blocks, and what waits there.
pub fn channel() -> (Hold, Held) {
    let (put, take) = bounded(HELD_MAX);
    (Hold(put), Held(take))
}

impl Hold {
    /// Keeps a block that is due in `ahead_ms`, if there is room; else it is forgotten, and a peer
    /// will offer it again.
    pub fn keep(&self, block: BlockImportParams<Block>, ahead_ms: u64) {
        let number = block.header.number;
        if ahead_ms > AHEAD_MS_MAX || self.0.clone().try_send((block, ahead_ms)).is_err() {
            warn!(target: LOG_TARGET, "block #{number}, {ahead_ms} ms early, is not kept");
        }
    }
}

impl Held {
    /// Imports each block when it is due, for as long as the node runs.
    pub async fn run(mut self, import: Import) {
        let mut waiting = FuturesUnordered::new();
        loop {
            tokio::select! {
                early = self.0.next(), if waiting.len() < HELD_MAX => {
                    let Some((block, ahead_ms)) = early else { return };
                    waiting.push(async move {
                        tokio::time::sleep(Duration::from_millis(ahead_ms)).await;
                        block
                    });
                }
                Some(block) = waiting.next() => {
                    let number = block.header.number;
                    let answer = import.import_block(block).await;
                    debug!(target: LOG_TARGET, "early block #{number} is due: {answer:?}");
                }
            }
        }
    }
}
