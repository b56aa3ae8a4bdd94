//! What headers alone prove: for who has no node, and trusts none.
//!
//! ```text
//! genesis --Links, HeaderChain--> header --digest--> server model, root of accepted updates
//!                                                                    |
//!                            one client's update with its weight <---+ Merkle proof
//! ```
//!
//! - [`Links`]: each header names the one before it.
//! - [`read_state`]: what a header's state root proves.
//! - [`HeaderChain`]: each seal is worth the difficulty that follows from the headers before it.
//! - [`Receipt`]: the file that a client keeps, and its check.
//!
//! Whoever trusts one block hash trusts all blocks below it, for they are linked. From the hash of
//! the genesis block alone follows a weaker thing, and the usual one on proof-of-work chains: what
//! it cost to put so much work above a block. Nobody here re-executes blocks; that is what nodes do, and
//! they mine only on what they have executed. Work below a block proves nothing of it: a forged header can
//! stand on honest ones.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod links;
mod receipt;
mod state;
mod work;

#[cfg(any(test, feature = "mock"))]
pub mod mock;
#[cfg(test)]
mod tests;

pub use fedchain_pow::{Fault, Header, HeaderChain};
pub use links::Links;
pub use receipt::{BLOCKS_ABOVE_DEFAULT, Basis, Doubt, Error, RECEIPT_BYTES_MAX, Receipt, Verdict};
pub use state::{Unproven, read_state, storage_key};
pub use work::{chain_from, rules_key};

use alloc::vec::Vec;
use codec::DecodeAll;
use fedchain_fl::view::{DIGEST_ID, ServerModel};
use sp_runtime::DigestItem;

/// The server models that a block made, as its header says.
///
/// # Errors
/// When the header says it in a form that this version does not know.
pub fn server_models(header: &Header) -> Result<Vec<ServerModel>, codec::Error> {
    let items = header.digest.logs.iter();
    items
        .filter_map(DigestItem::as_consensus)
        .filter(|(engine, _)| *engine == DIGEST_ID)
        .map(|(_, mut bytes)| ServerModel::decode_all(&mut bytes))
        .collect()
}

/// Whether a block replaces the runtime's code.
pub fn upgrades_code(header: &Header) -> bool {
    let mut items = header.digest.logs.iter();
    items.any(|item| *item == DigestItem::RuntimeEnvironmentUpdated)
}
