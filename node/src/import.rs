//! One import at a time.
//!
//! The PoW import compares a block with the best one before it takes the client's own lock. Two
//! blocks at once, one from the network and one of our own, could both take themselves for the
//! better one; so both go through this lock.

use fedchain_runtime::opaque::Block;
use futures::lock::Mutex;
use sc_consensus::{
    BlockCheckParams, BlockImport, BlockImportParams, BoxBlockImport, ImportResult,
};
use std::sync::Arc;

/// A block import that the import queue and the miner share.
#[derive(Clone)]
pub struct SerialImport(Arc<Mutex<BoxBlockImport<Block>>>);

impl SerialImport {
    /// Puts `inner` behind a lock.
    pub fn new(inner: BoxBlockImport<Block>) -> Self {
        Self(Arc::new(Mutex::new(inner)))
    }
}

#[async_trait::async_trait]
impl BlockImport<Block> for SerialImport {
    type Error = sp_consensus::Error;

    async fn check_block(
        &self,
        block: BlockCheckParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.0.lock().await.check_block(block).await
    }

    async fn import_block(
        &self,
        block: BlockImportParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.0.lock().await.import_block(block).await
    }
}
