//! Certified rounds: each solution checked again against the moments that clients revealed.

use std::collections::BTreeMap;

use fedchain_commitment::Accepted;
use fedchain_fl::{LeastSquares, TaskSpec, view::Bound};
use fedchain_verifier::{
    Verifier,
    optimality::{Error, Moments, Problem},
};

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

/// What a solution makes.
pub struct Certified {
    /// The server model.
    pub model: Vec<i32>,
    /// The clients in it, in ascending order.
    pub accepted: Vec<Accepted<[u8; 32]>>,
    /// What it proves.
    pub bound: Bound,
}

/// Checks a solution as the chain does.
///
/// # Errors
/// Why it proves nothing.
pub fn check(
    task: &TaskSpec,
    terms: LeastSquares,
    contributors: &Contributors,
    certify: &Certify,
) -> Result<Certified, Error> {
    let shape = task.shape().map_err(|_| Error::Rows)?;
    let mut sum = Moments::zero(shape);
    let mut accepted = Vec::new();
    for (client, (counted, moments)) in contributors {
        if !certify.left_out.contains(client) {
            sum.add(moments)?;
            accepted.push(counted.clone());
        }
    }
    let penalty = terms.penalty_units().ok_or(Error::Penalty)?;
    let problem = Problem::new(sum, penalty, terms.epsilon_units().unwrap_or(0))?;
    let (solution, bound) = problem.verify(&certify.solution)?;
    Ok(Certified {
        model: solution.model(task.format).ok_or(Error::Weight)?,
        accepted,
        bound,
    })
}
