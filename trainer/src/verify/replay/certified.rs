//! Certified rounds: each solution checked again against the moments that clients revealed.

use std::collections::BTreeMap;

use fedchain_commitment::Accepted;
use fedchain_fl::{LeastSquares, TaskSpec, view::Outcome};
use fedchain_verifier::{
    Verifier,
    optimality::{Error, Moments, Problem, Refutation},
};

use super::{Counted, Made};
use crate::{chain::AccountId, verify::What};

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

/// A transaction that proves a client's moments to be of no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refute {
    /// The client.
    pub client: AccountId,
    /// Canonical bytes of the vector.
    pub vector: Vec<u8>,
    /// Whether the chain took it; none when the block's events are gone.
    pub succeeded: Option<bool>,
}

/// Leaves out the clients whose moments are refuted; answers how many they are.
///
/// # Errors
/// [`What::Refutation`] when the chain took a proof that proves nothing.
pub(super) fn drop_guilty(updates: &mut Vec<Counted>, refuted: &[Refute]) -> Result<u32, What> {
    let mut guilty = 0u32;
    for refute in refuted {
        let client = refute.client;
        let place = updates
            .iter()
            .position(|update| update.accepted.account == client.0);
        let moments = place.and_then(|place| updates.get(place)?.moments.as_ref());
        let proven = moments.map(|moments| Refutation { moments }.verify(&refute.vector));
        match (proven, place) {
            (Some(Ok(())), Some(place)) => {
                updates.remove(place);
                guilty = guilty.saturating_add(1);
            }
            _ if refute.succeeded == Some(true) => return Err(What::Refutation { client }),
            _ => {}
        }
    }
    Ok(guilty)
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
    let problem = Problem::on_terms(sum, terms, task.format)?;
    let (solution, bound) = problem.verify(&certify.solution)?;
    Ok(Made {
        outcome: Outcome::Adopted,
        model: Some(solution.model(task.format).ok_or(Error::Weight)?),
        updates,
        bound: Some(bound),
        judgement: None,
    })
}
