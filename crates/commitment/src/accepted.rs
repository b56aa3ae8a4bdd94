//! The set of updates that a server model was made of.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_fl::H256;
use scale_info::TypeInfo;

use crate::merkle;

/// One accepted update.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Accepted<AccountId> {
    /// The client.
    pub account: AccountId,
    /// Its sample count, as stated.
    pub sample_count: u32,
    /// Root of its values.
    pub values_root: H256,
}

/// Merkle root over the SCALE encodings of the accepted updates, in ascending order of accounts.
pub fn accepted_root<AccountId: Encode + Ord>(accepted: &mut [Accepted<AccountId>]) -> H256 {
    accepted.sort_by(|a, b| a.account.cmp(&b.account));
    let leaves = accepted
        .iter()
        .zip(0..)
        .map(|(update, index)| merkle::leaf(index, &update.encode()));
    merkle::root(leaves.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(account: u8) -> Accepted<u8> {
        Accepted {
            account,
            sample_count: 9,
            values_root: H256::repeat_byte(account),
        }
    }

    #[test]
    fn arrival_order_does_not_matter_but_membership_does() {
        let root = accepted_root(&mut [accepted(1), accepted(2), accepted(3)]);
        assert_eq!(
            root,
            accepted_root(&mut [accepted(3), accepted(1), accepted(2)])
        );
        assert_ne!(root, accepted_root(&mut [accepted(1), accepted(2)]));
    }
}
