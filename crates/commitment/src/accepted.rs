//! The set of updates that a server model was made of.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use fedchain_fl::H256;
use scale_info::TypeInfo;

use crate::merkle::{Range, Tree};

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
    Tree::Accepted.root(leaves(accepted))
}

fn leaves<AccountId: Encode + Ord>(accepted: &mut [Accepted<AccountId>]) -> Vec<H256> {
    accepted.sort_by(|a, b| a.account.cmp(&b.account));
    let places = accepted.iter().zip(0..);
    places
        .map(|(update, index)| Tree::Accepted.leaf(index, &update.encode()))
        .collect()
}

/// Proof that an update is one of those behind an [`accepted_root`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub struct Membership {
    /// Its place among them, in ascending order of accounts.
    pub place: u32,
    /// How many there are.
    pub count: u32,
    /// Neighbours in the Merkle tree, from the leaf up.
    pub path: Vec<H256>,
}

impl Membership {
    /// The proof for the update of `account`; none when there is no such update.
    pub fn new<AccountId: Encode + Ord>(
        accepted: &mut [Accepted<AccountId>],
        account: &AccountId,
    ) -> Option<Self> {
        let leaves = leaves(accepted);
        let place = accepted
            .iter()
            .position(|update| update.account == *account)?;
        let (place, count) = (place as u32, leaves.len() as u32);
        let path = Range::new(count, place, 1)?.proof(Tree::Accepted, &leaves)?;
        Some(Self { place, count, path })
    }

    /// The root of the set that has this update at this place; none when the proof has not the right
    /// length.
    pub fn root<AccountId: Encode>(&self, update: &Accepted<AccountId>) -> Option<H256> {
        let leaf = Tree::Accepted.leaf(self.place, &update.encode());
        Range::new(self.count, self.place, 1)?.root(Tree::Accepted, alloc::vec![leaf], &self.path)
    }
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

    #[test]
    fn every_update_proves_its_membership_and_no_other() {
        for count in 1..=9u8 {
            let mut set: Vec<_> = (0..count).rev().map(accepted).collect();
            let root = accepted_root(&mut set);
            for account in 0..count {
                let membership = Membership::new(&mut set, &account).unwrap();
                assert_eq!(membership.root(&accepted(account)), Some(root));
                let heavier = Accepted {
                    sample_count: 10,
                    ..accepted(account)
                };
                assert_ne!(membership.root(&heavier), Some(root));
                assert_ne!(membership.root(&accepted(account + 1)), Some(root));
            }
            assert_eq!(Membership::new(&mut set, &count), None);
        }
    }
}
