//! Solving a certified regression from the moments on chain.

use fedchain_fl::{H256, view::MomentsView};
use fedchain_verifier::{
    Verifier,
    optimality::{self, Moments, Problem, refute, solve as solve_problem},
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
    let found = moments(chain, view, left_out, head.hash).await?;
    let moments = found.ok_or_else(|| {
        cannot("there are no moments yet, or none of a client that is to be left out")
    })?;
    let wrong = |error: &dyn std::fmt::Display| Error::Protocol(error.to_string());
    let format = view.spec.task.format;
    let problem = Problem::on_terms(moments, terms, format).map_err(|error| wrong(&error))?;
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

/// The first client whose moments are proven to be of no rows, with the proof. While nobody's are, there
/// is a solution.
///
/// # Errors
/// When the node does not answer, or not what the protocol says.
pub async fn find_guilty(
    chain: &Chain,
    view: &FederationView,
    head: Head,
) -> Result<Option<(AccountId, Vec<u8>)>, Error> {
    let terms = view.spec.task.strategy.terms();
    let all = moments(chain, view, &[], head.hash).await?;
    let Some((terms, all)) = terms.zip(all) else {
        return Ok(None);
    };
    let ridge = f64::from(terms.penalty_units().unwrap_or(0)) * f64::from(all.rows());
    // What no client lacks by itself, all of them lack at most a twentieth of the ridge.
    let slack = ridge / (20.0 * view.clients.len().max(1) as f64);
    for client in view.clients.iter().filter(|client| client.revealed) {
        let left_out = [client.account];
        let rest = chain.moments(view.federation, &left_out, head.hash);
        let mut own = all.clone();
        match rest.await? {
            // Of a client who was refuted already there are none.
            None => continue,
            // It is the only one.
            Some(rest) if rest.rows == 0 => {}
            Some(rest) => {
                let rest = decoded(view, rest)?;
                if own.subtract(&rest).is_err() {
                    continue;
                }
            }
        }
        if let Some(vector) = tokio::task::block_in_place(|| refute(&own, slack)) {
            return Ok(Some((client.account, vector)));
        }
    }
    Ok(None)
}

/// The moments of all clients but some, as of a block; none where there are none.
async fn moments(
    chain: &Chain,
    view: &FederationView,
    left_out: &[AccountId],
    at: H256,
) -> Result<Option<Moments>, Error> {
    let found = chain.moments(view.federation, left_out, at).await?;
    found.map(|found| decoded(view, found)).transpose()
}

fn decoded(view: &FederationView, found: MomentsView) -> Result<Moments, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Protocol(error.to_string());
    let shape = view.spec.task.shape().map_err(|error| wrong(&error))?;
    let moments = Moments::new(shape, found.rows, found.values);
    moments.map_err(|error| wrong(&error))
}
