//! Models, sums and staged updates in storage, chunk by chunk.

use alloc::{vec, vec::Vec};
use fedchain_commitment::values_root;
use fedchain_fl::{Format, H256, limits::CHUNK_BYTES, strategy};
use frame_support::BoundedVec;

use crate::{pallet::*, types::FederationId};

/// Cuts canonical bytes into chunks with their index.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (u32, ChunkBytes)> {
    let cut = bytes.chunks(CHUNK_BYTES as usize);
    (0u32..).zip(cut.map(|chunk| BoundedVec::truncate_from(chunk.to_vec())))
}

impl<T: Config> Pallet<T> {
    /// Stores the server model and answers its root.
    pub(crate) fn put_model(federation: FederationId, bytes: &[u8]) -> H256 {
        for (index, chunk) in chunks(bytes) {
            Models::<T>::insert(federation, index, chunk);
        }
        values_root(bytes)
    }

    /// The server model, `[param_count]`.
    pub(crate) fn model(federation: FederationId, format: Format, param_count: u32) -> Vec<i32> {
        let per_chunk = format.chunk_values();
        (0..param_count.div_ceil(per_chunk))
            .flat_map(|index| {
                format.decode(&Models::<T>::get(federation, index).unwrap_or_default())
            })
            .collect()
    }

    /// Keeps an accepted update until its round is aggregated.
    pub(crate) fn stage(federation: FederationId, client: &T::AccountId, bytes: &[u8]) {
        for (index, chunk) in chunks(bytes) {
            StagedUpdates::<T>::insert((federation, client, index), chunk);
        }
    }

    /// Adds an accepted update to the round's weighted sums.
    pub(crate) fn fold(
        federation: FederationId,
        format: Format,
        values: &[i32],
        count: u32,
    ) -> Result<(), Error<T>> {
        for (index, values) in (0u32..).zip(values.chunks(format.chunk_values() as usize)) {
            let mut sums = Sums::<T>::get(federation, index)
                .map_or_else(|| vec![0; values.len()], BoundedVec::into_inner);
            strategy::fold(&mut sums, values, count)?;
            Sums::<T>::insert(federation, index, BoundedVec::truncate_from(sums));
        }
        Ok(())
    }

    /// Deletes sums and staged updates.
    pub(crate) fn clear_staging(federation: FederationId) {
        let _ = Sums::<T>::clear_prefix(federation, u32::MAX, None);
        let _ = StagedUpdates::<T>::clear_prefix((federation,), u32::MAX, None);
    }
}
