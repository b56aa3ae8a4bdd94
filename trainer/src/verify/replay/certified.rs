//! Certified rounds: each solution checked again against the moments that clients revealed.

use std::collections::BTreeMap;

use fedchain_commitment::Accepted;
use fedchain_fl::{LeastSquares, TaskSpec, view::Outcome};
use fedchain_verifier::{
    Verifier,
    optimality::{Error, Moments, Problem},
};

use super::Made;
use crate::chain::AccountId;

/// A transaction that hands a solution in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certify {
    /// Clients left out.
    pub left_out: Vec<AccountId>,
    /// Canonical bytes.
    pub solution: Vec<u8>,
    /// Whether the chain took it; none when the block's events are gone.
    pub succeeded: Option<bool>,
}

/// The clients of a certified federation: what counted, and their moments.
pub type Contributors = BTreeMap<AccountId, (Accepted<[u8; 32]>, Moments)>;

/// Checks a solution as the chain does.
///
/// # Errors
/// Why it proves nothing.
pub(super) fn check(
    task: &TaskSpec,
    terms: LeastSquares,
    contributors: &Contributors,
    certify: &Certify,
) -> Result<Made, Error> {
    let shape = task.shape().map_err(|_| Error::Rows)?;
    let mut sum = Moments::zero(shape);
    let mut updates = Vec::new();
    for (client, (counted, moments)) in contributors {
        if !certify.left_out.contains(client) {
            sum.add(moments)?;
            updates.push(counted.clone());
        }
    }
    let (solution, bound) = Problem::on_terms(sum, terms)?.verify(&certify.solution)?;
    Ok(Made {
        outcome: Outcome::Adopted,
        model: Some(solution.model(task.format).ok_or(Error::Weight)?),
        updates,
        bound: Some(bound),
        judgement: None,
    })
}
