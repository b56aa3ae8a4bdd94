//! Solving a certified regression from the moments on chain.

use std::collections::BTreeSet;

use fedchain_fl::{H256, view::MomentsView};
use fedchain_learn::moments::{Uncertified, certify};
use fedchain_verifier::optimality::{Moments, refute};

use crate::{
    Error,
    chain::{AccountId, Chain, FederationView, Head, call::Call},
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
    let task = &view.spec.task;
    if task.strategy.terms().is_none() {
        return Err(cannot(&Uncertified::OtherStrategy.to_string()));
    }
    let found = moments(chain, view, left_out, head.hash).await?;
    let moments = found.ok_or_else(|| {
        cannot("there are no moments yet, or none of a client that is to be left out")
    })?;
    match tokio::task::block_in_place(|| certify(task, moments)) {
        Ok((solution, _)) => Ok(solution.encode()),
        Err(uncertified) => Err(cannot(&uncertified.to_string())),
    }
}

/// What is known of a round's moments. While all could be of rows, there is a solution.
#[derive(Debug, Default)]
pub struct Examination {
    round: u32,
    /// Clients whose moments could be of rows.
    passed: BTreeSet<[u8; 32]>,
    /// A client whose moments could not, with the vector that proves it.
    guilty: Option<(AccountId, Vec<u8>)>,
}

impl Examination {
    /// Looks at moments that were not there before, beginning with those of `first`, until some are of no rows.
    /// Looks at all anew when these do not count any more: what may be lacking follows from the rows of all.
    ///
    /// # Errors
    /// When the node does not answer, or not what the protocol says.
    pub async fn look(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        first: &AccountId,
        head: Head,
    ) -> Result<(), Error> {
        if self.round != view.round {
            *self = Self {
                round: view.round,
                ..Self::default()
            };
        }
        if let Some((client, _)) = &self.guilty {
            let left_out = [*client];
            match chain.moments(view.federation, &left_out, head.hash).await? {
                Some(_) => return Ok(()),
                None => {
                    self.guilty = None;
                    self.passed.clear();
                }
            }
        }
        let revealed = view.clients.iter().filter(|client| client.revealed);
        let mut accounts: Vec<AccountId> = revealed.map(|client| client.account).collect();
        begin_with(first, &mut accounts);
        accounts.retain(|account| !self.passed.contains(&account.0));
        let terms = view.spec.task.strategy.terms();
        let Some(terms) = terms.filter(|_| !accounts.is_empty()) else {
            return Ok(());
        };
        let Some(all) = moments(chain, view, &[], head.hash).await? else {
            return Ok(());
        };
        let ridge = f64::from(terms.penalty_units().unwrap_or(0)) * f64::from(all.rows());
        // What no client lacks by itself, all of them lack at most a twentieth of the ridge.
        let slack = ridge / (20.0 * view.clients.len().max(1) as f64);
        for account in accounts {
            let own = own_moments(chain, view, &all, account, head.hash).await?;
            let refuted = own.and_then(|own| tokio::task::block_in_place(|| refute(&own, slack)));
            match refuted {
                Some(vector) => {
                    self.guilty = Some((account, vector));
                    return Ok(());
                }
                None => self.passed.insert(account.0),
            };
        }
        Ok(())
    }

    /// The client whose moments were found to be of no rows, with the call that proves it.
    pub fn refutation(&self, federation: u32) -> Option<(AccountId, Call)> {
        let (client, vector) = self.guilty.as_ref()?;
        Some((*client, Call::refute(federation, *client, vector)))
    }
}

/// Moves to the front what stands from an account on: each client begins at its own place, and all together
/// have soon looked at everything.
fn begin_with(first: &AccountId, accounts: &mut [AccountId]) {
    if let Some(place) = accounts.iter().position(|account| account == first) {
        accounts.rotate_left(place);
    }
}

/// The moments of one client, by the sum of all and that of the others; none when they do not count.
async fn own_moments(
    chain: &Chain,
    view: &FederationView,
    all: &Moments,
    account: AccountId,
    at: H256,
) -> Result<Option<Moments>, Error> {
    let rest = chain.moments(view.federation, &[account], at).await?;
    let Some(rest) = rest else { return Ok(None) };
    let mut own = all.clone();
    // Of nobody else there are any.
    if rest.rows == 0 {
        return Ok(Some(own));
    }
    let rest = decoded(view, rest)?;
    Ok(own.subtract(&rest).is_ok().then_some(own))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_looks_from_its_own_place_on() {
        let accounts = [7, 3, 9, 1].map(|byte| AccountId::from([byte; 32]));
        let ordered = |first: u8| {
            let mut accounts = accounts;
            begin_with(&AccountId::from([first; 32]), &mut accounts);
            accounts.map(|account| account.0[0])
        };
        assert_eq!(ordered(9), [9, 1, 7, 3]);
        assert_eq!(ordered(1), [1, 7, 3, 9]);
        assert_eq!(ordered(7), [7, 3, 9, 1]);
        // Who has no moments among them begins with the first.
        assert_eq!(ordered(5), [7, 3, 9, 1]);
    }
}
