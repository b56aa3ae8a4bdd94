//! When a federation that is not in the state any more was there.
//!
//! The state counts the federations that were ever created, and holds the spec of each until its owner
//! removes it. Both change once, so two binary searches over the blocks' states find where, and each
//! answer is proven by the state root in a header.

use codec::{DecodeAll, Encode};
use fedchain_receipt::{Header, storage_key};

use super::nothing::Nothing;
use crate::{
    Error,
    chain::{Chain, Head, blocks::spec_key, call::PALLET},
};

/// The blocks between which a federation was in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The block that created it.
    pub created_at: u32,
    /// The block that removed it.
    pub removed_at: u32,
}

impl Past {
    /// Of a federation that is not in the state of the best block.
    ///
    /// # Errors
    /// [`Error::UnknownFederation`] when it never was, [`Nothing::Forgotten`] when the node has pruned the
    /// states that tell.
    pub async fn find(chain: &Chain, federation: u32, best: Head) -> Result<Self, Error> {
        let found = Self::search(chain, federation, best).await;
        found.map_err(|error| match error {
            Error::Pruned(block) => Nothing::Forgotten { federation, block }.into(),
            other => other,
        })
    }

    async fn search(chain: &Chain, federation: u32, best: Head) -> Result<Self, Error> {
        let header = async |number| chain.header(chain.block_hash(number).await?).await;
        let was_created =
            async |number| was_created(chain, &header(number).await?, federation).await;
        let is_removed = async |number| {
            let header = header(number).await?;
            let spec = chain.proven(&header, spec_key(federation)).await?;
            Ok(spec.is_none())
        };
        if !was_created(best.number).await? {
            return Err(Error::UnknownFederation(federation));
        }
        // Only the node's word says so by now.
        if !is_removed(best.number).await? {
            return Err(Error::Protocol(format!(
                "federation {federation} is in the state of block {}, but the node says that it is not",
                best.number
            )));
        }
        let created_at = first(0, best.number, was_created).await?;
        let removed_at = first(created_at, best.number, is_removed).await?;
        Ok(Self {
            created_at,
            removed_at,
        })
    }
}

/// The first height above `low` of which `is_so`, which is so of `high` and of all from the first on.
async fn first(
    mut low: u32,
    mut high: u32,
    is_so: impl AsyncFn(u32) -> Result<bool, Error>,
) -> Result<u32, Error> {
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        match is_so(middle).await? {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(high)
}

/// Whether the federation was created up to a block.
async fn was_created(chain: &Chain, header: &Header, federation: u32) -> Result<bool, Error> {
    let next = chain.proven(header, storage_key(PALLET, "NextFederation"));
    let next = next.await?.unwrap_or_else(|| 0u32.encode());
    let next = u32::decode_all(&mut next.as_slice())
        .map_err(|error| Error::Protocol(format!("Federation::NextFederation: {error}")))?;
    Ok(federation < next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_of_all_later_ones_is_found() {
        for high in 1..40 {
            for expected in 1..=high {
                let found = first(0, high, async |number| Ok(number >= expected)).await;
                assert_eq!(found.unwrap(), expected, "up to {high}");
            }
        }
    }
}
