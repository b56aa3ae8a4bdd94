//! Models and updates in storage, chunk by chunk.

use alloc::vec::Vec;
use core::ops::Range;
use fedchain_fl::{Format, limits::CHUNK_BYTES};
use frame_support::BoundedVec;

use crate::{
    pallet::*,
    types::{FederationId, Slot},
};

impl<T: Config> Pallet<T> {
    /// Stores canonical bytes as a model's chunks, from chunk `first` on.
    pub(crate) fn put_model(federation: FederationId, slot: Slot, first: u32, bytes: &[u8]) {
        for (index, chunk) in (first..).zip(bytes.chunks(CHUNK_BYTES as usize)) {
            Models::<T>::insert((federation, slot, index), bounded(chunk));
        }
    }

    /// The weights in some chunks of a model.
    pub(crate) fn model(
        federation: FederationId,
        slot: Slot,
        format: Format,
        chunks: Range<u32>,
    ) -> Vec<i32> {
        chunks
            .flat_map(|index| {
                let chunk = Models::<T>::get((federation, slot, index));
                format.decode(&chunk.unwrap_or_default())
            })
            .collect()
    }

    /// Keeps a part of an update until its round is over.
    pub(crate) fn stage(federation: FederationId, client: &T::AccountId, first: u32, bytes: &[u8]) {
        for (index, chunk) in (first..).zip(bytes.chunks(CHUNK_BYTES as usize)) {
            StagedUpdates::<T>::insert((federation, client, index), bounded(chunk));
        }
    }

    /// The values in one chunk of a client's update.
    pub(crate) fn staged(
        federation: FederationId,
        client: &T::AccountId,
        format: Format,
        index: u32,
    ) -> Vec<i32> {
        let chunk = StagedUpdates::<T>::get((federation, client, index));
        format.decode(&chunk.unwrap_or_default())
    }
}

fn bounded(chunk: &[u8]) -> ChunkBytes {
    BoundedVec::truncate_from(chunk.to_vec())
}
