//! Evaluators of the mock runtime and their holdouts.

use fedchain_commitment::{HoldoutOpening, Part, Tree, spec_hash};
use fedchain_fl::{Contributions, FederationSpec, Gate, H256};
use sp_runtime::DispatchResult;

use super::{
    AccountId, Balance, Federation, OWNER, RuntimeOrigin, System, Test, create, direct, join_both,
    spec,
};
use crate::{pallet::*, types::FederationId};

/// Whom [`judged`] appoints.
pub const EVALUATORS: [AccountId; 3] = [10, 11, 12];
/// One, in features, targets and weights of the mock's task.
pub const ONE: i32 = 1 << 16;

/// The mock's federation with a gate: three holdouts of two rows, contributions recorded.
pub fn gated() -> FederationSpec<Balance> {
    FederationSpec {
        gate: Some(Gate {
            rows: 2,
            evaluators_max: 3,
            quorum: 3,
            tolerance: "0.5".parse().unwrap(),
            bond: 70,
            blocks: 4,
            contributions: Contributions::Recorded,
        }),
        ..spec()
    }
}

/// Creates a federation, appoints the evaluators, takes holdouts of `y = slope * a` for the first round
/// from the first of them and lets ALICE and BOB join.
pub fn judged(spec: FederationSpec<Balance>, slopes: &[i32]) -> (FederationId, Vec<Holdout>) {
    let id = NextFederation::<Test>::get();
    create(spec).unwrap();
    for evaluator in EVALUATORS {
        Federation::appoint(RuntimeOrigin::signed(OWNER), id, evaluator).unwrap();
    }
    let holdouts: Vec<_> = EVALUATORS
        .into_iter()
        .zip(slopes)
        .map(|(evaluator, slope)| Holdout::of_slope(evaluator, id, *slope))
        .collect();
    for holdout in &holdouts {
        holdout.commit().unwrap();
    }
    join_both(id);
    (id, holdouts)
}

/// A holdout that one evaluator sends.
#[derive(Clone)]
pub struct Holdout {
    pub evaluator: AccountId,
    pub federation: FederationId,
    pub round: u32,
    pub salt: [u8; 32],
    pub bytes: Vec<u8>,
    pub spec_hash: H256,
}

impl Holdout {
    /// Rows of features and target, flat, for the coming round.
    pub fn new(evaluator: AccountId, federation: FederationId, values: &[i32]) -> Self {
        let state = Federations::<Test>::get(federation).unwrap();
        let task = Specs::<Test>::get(federation).unwrap().task;
        Self {
            evaluator,
            federation,
            round: state.round.index + 1,
            salt: [evaluator as u8; 32],
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            spec_hash: spec_hash(&task),
        }
    }

    /// Two rows `(a, b, y)` with `y = slope * a`, `a` 1 and 2. No two evaluators and rounds have the
    /// same `b`.
    pub fn of_slope(evaluator: AccountId, federation: FederationId, slope: i32) -> Self {
        let round = Federations::<Test>::get(federation).unwrap().round.index;
        let b = (100 * round as i32 + evaluator as i32) * ONE;
        let row = |a: i32| [a * ONE, b, slope * a * ONE];
        Self::new(evaluator, federation, [row(1), row(2)].as_flattened())
    }

    pub fn opening(&self) -> HoldoutOpening<AccountId> {
        HoldoutOpening {
            genesis: System::block_hash(0),
            federation: self.federation,
            round: self.round,
            spec_hash: self.spec_hash,
            account: self.evaluator,
            values_root: Tree::Holdout.root_of(&self.bytes),
            salt: self.salt,
        }
    }

    pub fn commit_call(&self) -> Call<Test> {
        Call::commit_holdout {
            federation: self.federation,
            round: self.round,
            commitment: self.opening().commitment(),
        }
    }

    /// The calls that reveal the holdout, one per part, in order.
    pub fn reveal_calls(&self) -> Vec<Call<Test>> {
        let parts = Tree::Holdout.parts(&self.bytes).into_iter();
        parts.map(|part| self.part_call(part)).collect()
    }

    pub fn part_call(&self, part: Part) -> Call<Test> {
        Call::reveal_holdout {
            federation: self.federation,
            round: self.round,
            salt: self.salt,
            part,
        }
    }

    pub fn commit(&self) -> DispatchResult {
        direct(self.evaluator, self.commit_call())
    }

    /// Reveals part by part up to the first error.
    pub fn reveal(&self) -> DispatchResult {
        let mut calls = self.reveal_calls().into_iter();
        calls.try_for_each(|call| direct(self.evaluator, call))
    }
}
