//! What clients say about noise in the updates that counted.

use fedchain_fl::Privacy;
use serde::Serialize;

use super::Counted;
use crate::chain::AccountId;

/// A client's declaration: bound by its commitment, and proven by nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// The client.
    pub client: AccountId,
    /// What all its updates of the federation up to this one have spent.
    #[serde(flatten)]
    pub privacy: Privacy,
}

/// The declarations among `updates`, in their order.
pub(super) fn declared(updates: &[Counted]) -> Vec<Declared> {
    let declared = |update: &Counted| {
        Some(Declared {
            client: AccountId(update.accepted.account),
            privacy: update.privacy?,
        })
    };
    updates.iter().filter_map(declared).collect()
}
