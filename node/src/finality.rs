//! Finality by depth: the block `depth` below the best one is final.
//!
//! Proof of work finalises nothing by itself, but much of a Substrate node waits for it: state of
//! blocks that are not final stays in memory, the pool keeps their transactions, subscriptions
//! stop. So every new best block finalises one below it, during sync as well.

use crate::service::FullClient;
use fedchain_runtime::BlockNumber;
use futures::StreamExt;
use log::{debug, warn};
use sc_client_api::{BlockchainEvents, Finalizer};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

const LOG_TARGET: &str = "finality";

/// Finalises `depth` blocks below the best one for as long as the client lives.
pub async fn run(client: Arc<FullClient>, depth: BlockNumber) {
    let mut imports = client.every_import_notification_stream();
    while let Some(block) = imports.next().await {
        if block.is_new_best
            && let Err(error) = advance(&client, depth)
        {
            warn!(target: LOG_TARGET, "could not finalise below #{}: {error}", block.header.number);
        }
    }
}

fn advance(client: &FullClient, depth: BlockNumber) -> sp_blockchain::Result<()> {
    let info = client.info();
    let number = info.best_number.saturating_sub(depth);
    if number <= info.finalized_number {
        return Ok(());
    }
    let Some(hash) = client.hash(number)? else {
        return Ok(());
    };
    client.finalize_block(hash, None, true)?;
    debug!(target: LOG_TARGET, "finalised #{number} ({hash})");
    Ok(())
}
