//! Reads commits and reveals out of a block's body, for the record of the block.

use crate::{AccountId, Runtime, RuntimeCall, RuntimeEvent, System, Timestamp, UncheckedExtrinsic};
use alloc::{collections::BTreeSet, vec::Vec};
use fedchain_commitment::Tree;
use fedchain_fl::view::{BodyView, ClientModel};
use frame_system::Phase;
use sp_runtime::{MultiAddress, generic::Preamble};

/// Timestamp, successful commits and reveals of the block in whose state this runs.
pub fn view(extrinsics: Vec<UncheckedExtrinsic>) -> BodyView<AccountId> {
    let failed = failed_extrinsics();
    let client_models = (0u32..)
        .zip(extrinsics)
        .filter(|(index, _)| !failed.contains(index))
        .filter_map(|(index, extrinsic)| client_model(index, extrinsic))
        .collect();
    BodyView {
        timestamp_ms: Timestamp::get(),
        client_models,
    }
}

fn failed_extrinsics() -> BTreeSet<u32> {
    System::read_events_no_consensus()
        .filter_map(|record| match (record.phase, &record.event) {
            (
                Phase::ApplyExtrinsic(index),
                RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { .. }),
            ) => Some(index),
            _ => None,
        })
        .collect()
}

fn client_model(index: u32, extrinsic: UncheckedExtrinsic) -> Option<ClientModel<AccountId>> {
    let Preamble::Signed(MultiAddress::Id(client), _, _) = extrinsic.preamble else {
        return None;
    };
    let RuntimeCall::Federation(call) = extrinsic.function else {
        return None;
    };
    match call {
        pallet_federation::Call::commit {
            federation,
            round,
            commitment,
            ..
        } => Some(ClientModel {
            extrinsic: index,
            client,
            federation,
            round,
            commitment: Some(commitment),
            sample_count: None,
            privacy: None,
            values_root: None,
            offset: None,
            values: None,
        }),
        pallet_federation::Call::reveal {
            federation,
            round,
            sample_count,
            privacy,
            part,
            ..
        } => {
            let task = pallet_federation::Specs::<Runtime>::get(federation)?.task;
            // Second moments are no weights.
            let has_weights = task.strategy.terms().is_none();
            let offset = part.first.saturating_mul(task.format.chunk_values());
            Some(ClientModel {
                extrinsic: index,
                client,
                federation,
                round,
                commitment: None,
                sample_count: Some(sample_count),
                privacy,
                values_root: part.root(Tree::Values, task.update_bytes().ok()?),
                offset: has_weights.then_some(offset),
                values: has_weights.then(|| task.format.decode(&part.values)),
            })
        }
        _ => None,
    }
}
