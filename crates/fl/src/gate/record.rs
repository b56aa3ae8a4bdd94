//! What a chain keeps of a judgement.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::Assessment;
use crate::{
    H256,
    limits::{CONTRIBUTIONS_MAX, EVALUATORS_MAX},
};

/// What one holdout says of two models.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Scores<AccountId> {
    /// Whose holdout it is.
    pub evaluator: AccountId,
    /// Root of its canonical bytes.
    pub holdout_root: H256,
    /// Mean loss of the server model before the round, at 2^-32.
    pub base: u64,
    /// Mean loss of the one that the round made, at 2^-32.
    pub new: u64,
}

/// What one client's update did for the round's model.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Contribution<AccountId> {
    /// The client.
    pub client: AccountId,
    /// By how much the median holdout's loss would have been higher without it, at 2^-32: negative
    /// when the update made the model worse.
    pub gain: i64,
}

/// The judgement of a round's model.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct GateRecord<AccountId> {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// Root of the model that was judged; it is the server model's where it was adopted.
    pub candidate_root: H256,
    /// One per holdout, in ascending order of evaluators.
    pub scores: BoundedVec<Scores<AccountId>, ConstU32<EVALUATORS_MAX>>,
    /// By how much the median holdout's loss has grown, at 2^-32.
    pub change: i64,
    /// One per accepted update, in ascending order of clients; none where they are not measured.
    pub contributions: BoundedVec<Contribution<AccountId>, ConstU32<CONTRIBUTIONS_MAX>>,
}

impl<AccountId> GateRecord<AccountId> {
    /// What has been measured, by whose holdouts (account and root) and of which clients; both in the
    /// order in which they were measured.
    pub fn new(
        (federation, round): (u32, u32),
        candidate_root: H256,
        holdouts: impl IntoIterator<Item = (AccountId, H256)>,
        clients: impl IntoIterator<Item = AccountId>,
        assessment: &Assessment,
    ) -> Self {
        let scores = holdouts.into_iter().zip(assessment.losses()).map(
            |((evaluator, holdout_root), (base, new))| Scores {
                evaluator,
                holdout_root,
                base,
                new,
            },
        );
        let gains = assessment.contributions().iter().copied();
        let contributions = clients
            .into_iter()
            .zip(gains)
            .map(|(client, gain)| Contribution { client, gain });
        Self {
            federation,
            round,
            candidate_root,
            scores: BoundedVec::truncate_from(scores.collect()),
            change: assessment.change(),
            contributions: BoundedVec::truncate_from(contributions.collect()),
        }
    }
}
