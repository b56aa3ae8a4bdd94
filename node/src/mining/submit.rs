//! Imports what was mined, one block after the other.

use super::{LOG_TARGET, threads::Found, work::WorkCell};
use crate::import::Import;
use codec::Encode;
use fedchain_runtime::opaque::Block;
use futures::{
    StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender},
};
use log::{info, warn};
use sc_consensus::{BlockImport, BlockImportParams, ImportResult, StateAction, StorageChanges};
use sc_consensus_pow::{INTERMEDIATE_KEY, PowIntermediate};
use sp_consensus::BlockOrigin;
use sp_consensus_pow::POW_ENGINE_ID;
use sp_runtime::{DigestItem, traits::Block as _};
use std::sync::Arc;
use substrate_prometheus_endpoint::{Counter, U64};

/// Imports every found block, then frees the cell and says so on `done`.
pub async fn run(
    mut found: UnboundedReceiver<Found>,
    import: Import,
    cell: Arc<WorkCell>,
    done: UnboundedSender<()>,
    mined: Counter<U64>,
) {
    while let Some(found) = found.next().await {
        if submit(found, &import).await {
            mined.inc();
        }
        cell.imported();
        let _ = done.unbounded_send(());
    }
}

/// Imports a found block; answers whether that went well.
async fn submit((template, seal): Found, import: &Import) -> bool {
    let number = template.number();
    let transactions = template.transactions();
    let difficulty = template.difficulty;

    let (header, body) = template.proposal.block.deconstruct();
    let mut params = BlockImportParams::<Block>::new(BlockOrigin::Own, header);
    let seal = DigestItem::Seal(POW_ENGINE_ID, seal.encode());
    params.post_digests.push(seal);
    params.body = Some(body);
    // The proposer has executed the block already.
    let changes = StorageChanges::Changes(template.proposal.storage_changes);
    params.state_action = StateAction::ApplyChanges(changes);
    let intermediate = PowIntermediate {
        difficulty: Some(difficulty),
    };
    params.insert_intermediate(INTERMEDIATE_KEY, intermediate);
    let hash = params.post_header().hash();

    match import.import_block(params).await {
        Ok(ImportResult::Imported(_)) => {
            info!(
                target: LOG_TARGET,
                "mined block #{number} ({hash}) difficulty {difficulty}, {transactions} transactions"
            );
            return true;
        }
        Ok(other) => warn!(target: LOG_TARGET, "block #{number} was not imported: {other:?}"),
        Err(error) => warn!(target: LOG_TARGET, "block #{number} was not imported: {error}"),
    }
    false
}
