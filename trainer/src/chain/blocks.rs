//! Blocks as they are: headers, transactions, and which of them failed.

use std::collections::BTreeSet;

use fedchain_fl::H256;
use subxt::events::Phase;

use super::{AccountId, Chain, Head, Header};
use crate::Error;

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its place in the block.
    pub index: u32,
    /// Pallet of its call.
    pub pallet: String,
    /// Name of its call.
    pub call: String,
    /// Who signed it.
    pub signer: Option<AccountId>,
    /// Encoded arguments of the call.
    pub arguments: Vec<u8>,
}

impl Chain {
    /// Header and extrinsics of a block.
    ///
    /// # Errors
    /// [`Error::Impossible`] when the node does not have the block.
    pub async fn body(&self, hash: H256) -> Result<(Header, Vec<Vec<u8>>), Error> {
        let details = self.methods.chain_get_block(Some(hash)).await;
        let block = self
            .answer("chain_getBlock", details)?
            .ok_or_else(|| Error::Impossible(format!("the node does not have block {hash:?}")))?
            .block;
        let body = block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
        Ok((block.header, body))
    }

    /// Takes a block's extrinsics apart, by the metadata of the block `by`.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the runtime of `by` does not understand them.
    pub async fn transactions(
        &self,
        body: Vec<Vec<u8>>,
        by: Head,
    ) -> Result<Vec<Transaction>, Error> {
        /// The variant `Id` of the runtime's address type.
        const ADDRESS_ID: u8 = 0;
        let at = self.at(by).await?;
        let extrinsics = at.extrinsics().from_bytes(body).await;
        let transactions = extrinsics.iter().map(|extrinsic| {
            let extrinsic = extrinsic.map_err(|error| Error::Protocol(error.to_string()))?;
            let signer = match extrinsic.address_bytes() {
                Some([ADDRESS_ID, account @ ..]) => account.try_into().ok().map(AccountId),
                _ => None,
            };
            Ok(Transaction {
                index: extrinsic.index() as u32,
                pallet: extrinsic.pallet_name().to_owned(),
                call: extrinsic.call_name().to_owned(),
                signer,
                arguments: extrinsic.call_data_field_bytes().to_vec(),
            })
        });
        transactions.collect()
    }

    /// Places of the transactions that failed in a block; none when the node has pruned its events.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub async fn failed(&self, block: Head) -> Result<Option<BTreeSet<u32>>, Error> {
        let at = match self.at(block).await {
            Ok(at) => at,
            Err(error @ Error::Unreachable { .. }) => return Err(error),
            Err(_) => return Ok(None),
        };
        let Ok(events) = at.events().fetch().await else {
            return Ok(None);
        };
        let mut failed = BTreeSet::new();
        for event in events.iter() {
            let event = event.map_err(|error| Error::Protocol(error.to_string()))?;
            if let Phase::ApplyExtrinsic(index) = event.phase()
                && (event.pallet_name(), event.event_name()) == ("System", "ExtrinsicFailed")
            {
                failed.insert(index);
            }
        }
        Ok(Some(failed))
    }
}
