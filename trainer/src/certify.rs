//! Solving a certified regression from the moments on chain.

use fedchain_verifier::{
    Verifier,
    optimality::{self, Moments, Problem, solve as solve_problem},
};

use crate::{
    Error,
    chain::{AccountId, Chain, FederationView, Head},
};

/// The canonical bytes of a solution for all clients but some, from the moments as of a block.
///
/// # Errors
/// [`Error::Impossible`] when the federation certifies nothing, its moments are not there, or no
/// solution is good enough; when the node does not answer.
pub async fn solve(
    chain: &Chain,
    view: &FederationView,
    left_out: &[AccountId],
    head: Head,
) -> Result<Vec<u8>, Error> {
    let cannot =
        |reason: &str| Error::Impossible(format!("federation {}: {reason}", view.federation));
    let terms = view.spec.task.strategy.terms();
    let terms = terms.ok_or_else(|| cannot("its strategy is not least_squares"))?;
    let found = chain.moments(view.federation, left_out, head.hash).await?;
    let found = found.ok_or_else(|| {
        cannot("there are no moments yet, or none of a client that is to be left out")
    })?;
    let wrong = |error: &dyn std::fmt::Display| Error::Protocol(error.to_string());
    let shape = view.spec.task.shape().map_err(|error| wrong(&error))?;
    let moments = Moments::new(shape, found.rows, found.values).map_err(|error| wrong(&error))?;
    let problem = Problem::on_terms(moments, terms).map_err(|error| wrong(&error))?;
    let solution = tokio::task::block_in_place(|| solve_problem(&problem))
        .ok_or_else(|| cannot("the moments on chain are not those of any rows"))?
        .encode();
    match problem.verify(&solution) {
        Ok(_) => Ok(solution),
        Err(optimality::Error::TooFar { .. }) => Err(cannot(
            "no model in this number format is proven close enough: the penalty is too small",
        )),
        Err(error) => Err(cannot(&error.to_string())),
    }
}
