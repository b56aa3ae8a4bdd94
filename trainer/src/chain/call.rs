//! Calls: pallet and call by name, arguments as plain SCALE.
//!
//! Names become indices by the node's metadata when a call is encoded, and must be those of the runtime:
//! a node could have another call signed. The arguments' types are those of [`fedchain_fl`], the same as in
//! the runtime.

use codec::{Compact, Encode};
use fedchain_commitment::Part;
use fedchain_fl::{FederationSpec, H256, Privacy};
use subxt::{
    ext::scale_encode::{self, EncodeAsFields, FieldIter, TypeResolver},
    transactions::Payload,
};

use super::AccountId;

/// Name of the federation pallet in the metadata.
pub const PALLET: &str = "Federation";
/// Its index.
const PALLET_INDEX: u8 = 10;

/// A call of the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pallet: &'static str,
    name: &'static str,
    /// Of pallet and call: they never change.
    indices: [u8; 2],
    arguments: Arguments,
}

/// Encoded arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments(Vec<u8>);

impl Call {
    fn federation(index: u8, name: &'static str, arguments: impl Encode) -> Self {
        Self {
            pallet: PALLET,
            name,
            indices: [PALLET_INDEX, index],
            arguments: Arguments(arguments.encode()),
        }
    }

    /// Creates a federation.
    pub fn create(spec: &FederationSpec<u128>) -> Self {
        Self::federation(0, "create", spec)
    }

    /// Invites an account.
    pub fn invite(federation: u32, account: AccountId) -> Self {
        Self::federation(1, "invite", (federation, account))
    }

    /// Joins a federation.
    pub fn join(federation: u32) -> Self {
        Self::federation(2, "join", federation)
    }

    /// Leaves a federation.
    pub fn leave(federation: u32) -> Self {
        Self::federation(3, "leave", federation)
    }

    /// Withdraws an invitation.
    pub fn withdraw(federation: u32, account: AccountId) -> Self {
        Self::federation(14, "withdraw", (federation, account))
    }

    /// Commits to an update.
    pub fn commit(federation: u32, round: u32, base_root: H256, commitment: H256) -> Self {
        Self::federation(4, "commit", (federation, round, base_root, commitment))
    }

    /// Opens a commitment with the next part of its update.
    pub fn reveal(
        federation: u32,
        round: u32,
        sample_count: u32,
        privacy: Option<Privacy>,
        salt: [u8; 32],
        part: &Part,
    ) -> Self {
        Self::federation(
            5,
            "reveal",
            (federation, round, sample_count, privacy, salt, part),
        )
    }

    /// Uploads the next part of an initial model.
    pub fn upload(federation: u32, part: &Part) -> Self {
        Self::federation(9, "upload", (federation, part))
    }

    /// Hands in a solution that leaves some clients out.
    pub fn certify(federation: u32, left_out: &[AccountId], solution: &[u8]) -> Self {
        Self::federation(10, "certify", (federation, left_out, solution))
    }

    /// Proves that a client's moments are of no rows.
    pub fn refute(federation: u32, client: AccountId, vector: &[u8]) -> Self {
        Self::federation(15, "refute", (federation, client, vector))
    }

    /// Appoints an evaluator.
    pub fn appoint(federation: u32, account: AccountId) -> Self {
        Self::federation(11, "appoint", (federation, account))
    }

    /// Commits to a holdout for the coming round.
    pub fn commit_holdout(federation: u32, round: u32, commitment: H256) -> Self {
        Self::federation(12, "commit_holdout", (federation, round, commitment))
    }

    /// Opens a holdout's commitment with its next part.
    pub fn reveal_holdout(federation: u32, round: u32, salt: [u8; 32], part: &Part) -> Self {
        Self::federation(13, "reveal_holdout", (federation, round, salt, part))
    }

    /// Moves an overdue phase on.
    pub fn advance(federation: u32) -> Self {
        Self::federation(6, "advance", federation)
    }

    /// Ends a federation before its last round.
    pub fn cancel(federation: u32) -> Self {
        Self::federation(7, "cancel", federation)
    }

    /// Deletes a federation that is over.
    pub fn remove(federation: u32) -> Self {
        Self::federation(8, "remove", federation)
    }

    /// Transfers an amount and leaves the sender's account alive.
    pub fn transfer(to: AccountId, amount: u128) -> Self {
        /// The variant `Id` of the runtime's address type.
        const ADDRESS_ID: u8 = 0;
        let arguments = (ADDRESS_ID, to, Compact(amount)).encode();
        Self {
            pallet: "Balances",
            name: "transfer_keep_alive",
            indices: [2, 3],
            arguments: Arguments(arguments),
        }
    }

    /// Several encoded calls, all or none of which take effect.
    pub fn batch(calls: &[Vec<u8>]) -> Self {
        let mut arguments = Compact(calls.len() as u32).encode();
        arguments.extend(calls.concat());
        Self {
            pallet: "Utility",
            name: "batch_all",
            indices: [6, 2],
            arguments: Arguments(arguments),
        }
    }

    /// Whether an encoded call is this one, and not another that the node has put in its place.
    pub fn is_encoded(&self, encoded: &[u8]) -> bool {
        encoded.strip_prefix(&self.indices) == Some(self.arguments.0.as_slice())
    }

    /// The call's name, for messages.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Payload for Call {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        self.pallet
    }

    fn call_name(&self) -> &str {
        self.name
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}

impl EncodeAsFields for Arguments {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        _fields: &mut dyn FieldIter<'_, R::TypeId>,
        _types: &R,
        out: &mut Vec<u8>,
    ) -> Result<(), scale_encode::Error> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fedchain_commitment::parts;

    use super::*;

    #[track_caller]
    fn check(call: &Call, name: &str, arguments: &[&[u8]]) {
        assert_eq!((call.pallet_name(), call.call_name()), (PALLET, name));
        assert_eq!(call.call_data().0, arguments.concat());
    }

    #[test]
    fn another_call_with_the_same_arguments_is_not_this_one() {
        let advance = Call::advance(7);
        assert!(advance.is_encoded(&[10, 6, 7, 0, 0, 0]));
        assert!(!advance.is_encoded(&[10, 7, 7, 0, 0, 0]));
        assert!(!advance.is_encoded(&[9, 6, 7, 0, 0, 0]));
        assert!(!advance.is_encoded(&[10, 6, 8, 0, 0, 0]));
    }

    #[test]
    fn arguments_are_plain_scale_in_the_runtimes_order() {
        let (one, two) = (H256::repeat_byte(1), H256::repeat_byte(2));
        check(
            &Call::invite(7, AccountId([3; 32])),
            "invite",
            &[&[7, 0, 0, 0], &[3; 32]],
        );
        check(
            &Call::commit(7, 1, one, two),
            "commit",
            &[&[7, 0, 0, 0, 1, 0, 0, 0], &[1; 32], &[2; 32]],
        );
        check(
            &Call::reveal(7, 1, 147, None, [6; 32], &parts(&[8, 9])[0]),
            "reveal",
            &[
                // No declared privacy.
                &[7, 0, 0, 0, 1, 0, 0, 0, 147, 0, 0, 0, 0],
                &[6; 32],
                // The first chunk, two bytes of values, no proof.
                &[0, 2 << 2, 8, 9, 0],
            ],
        );
    }

    #[test]
    fn a_batch_is_a_list_of_encoded_calls() {
        let batch = Call::batch(&[vec![2, 3, 9], vec![8, 1]]);
        assert_eq!(
            (batch.pallet_name(), batch.call_name()),
            ("Utility", "batch_all")
        );
        assert_eq!(batch.call_data().0, [2 << 2, 2, 3, 9, 8, 1]);
    }
}
