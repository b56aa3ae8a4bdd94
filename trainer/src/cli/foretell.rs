//! What the chain would refuse, as the newest block says: told before it costs a fee.

use fedchain_fl::{Membership, view::PhaseView};

use crate::{
    Error,
    chain::{AccountId, Chain, FederationView},
    session::seat,
};

/// The federation as of the best block.
pub(super) async fn look(chain: &Chain, federation: u32) -> Result<FederationView, Error> {
    let head = chain.best().await?;
    chain.federation(federation, head.hash).await
}

/// Whether an account could join.
pub(super) fn join(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    running(view)?;
    let number = view.federation;
    if ends(view) {
        return impossible(format!(
            "federation {number} ends with this round: it takes no new clients"
        ));
    }
    no_client(view, account)?;
    no_evaluator(view, account)?;
    if let Some(error) = seat::uninvited(view, account) {
        return Err(error);
    }
    match view.clients.len() >= view.spec.clients_max as usize {
        true => full(view, view.clients.len()),
        false => Ok(()),
    }
}

/// Whether an account could give up its seat.
pub(super) fn leave(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    running(view)?;
    let number = view.federation;
    match seat::client_of(view, account) {
        // Where it has no round to end, it goes at once.
        Some(client) if client.leaving && client.first_round <= view.round => impossible(format!(
            "{account} leaves federation {number} with the end of this round already"
        )),
        Some(_) => Ok(()),
        None if evaluates(view, account) => Ok(()),
        None => impossible(format!(
            "{account} has no seat in federation {number}: there is nothing to leave"
        )),
    }
}

/// Whether `owner` could invite an account.
pub(super) fn invite(
    view: &FederationView,
    owner: &AccountId,
    account: &AccountId,
) -> Result<(), Error> {
    owned(view, owner)?;
    let number = view.federation;
    if view.spec.membership == Membership::Open {
        return impossible(format!(
            "federation {number} is open to all: {account} needs no invitation"
        ));
    }
    no_client(view, account)?;
    no_evaluator(view, account)?;
    not_invited(view, account)?;
    let taken = view.clients.len().saturating_add(view.invited.len());
    match taken >= view.spec.clients_max as usize {
        true => full(view, taken),
        false => Ok(()),
    }
}

/// Whether `owner` could take an account's invitation back.
pub(super) fn withdraw(
    view: &FederationView,
    owner: &AccountId,
    account: &AccountId,
) -> Result<(), Error> {
    owned(view, owner)?;
    match view.invited.contains(account) {
        true => Ok(()),
        false => impossible(format!(
            "{account} has no invitation to federation {}",
            view.federation
        )),
    }
}

/// Whether `owner` could make an account an evaluator.
pub(super) fn appoint(
    view: &FederationView,
    owner: &AccountId,
    account: &AccountId,
) -> Result<(), Error> {
    owned(view, owner)?;
    let number = view.federation;
    let Some(gate) = &view.spec.gate else {
        return impossible(format!(
            "federation {number} has no quality gate: it takes no evaluators"
        ));
    };
    no_client(view, account)?;
    not_invited(view, account)?;
    no_evaluator(view, account)?;
    match view.evaluators.len() >= gate.evaluators_max as usize {
        true => impossible(format!(
            "federation {number} has all of its {} evaluators",
            gate.evaluators_max
        )),
        false => Ok(()),
    }
}

/// Whether `owner` could end the federation.
pub(super) fn cancel(view: &FederationView, owner: &AccountId) -> Result<(), Error> {
    owned(view, owner)?;
    match view.cancelling {
        true => impossible(format!(
            "federation {} ends with this round already",
            view.federation
        )),
        false => Ok(()),
    }
}

/// Whether `owner` could delete the federation.
pub(super) fn remove(view: &FederationView, owner: &AccountId) -> Result<(), Error> {
    is_owner(view, owner)?;
    // The next block ends what waits for that.
    let is_ending = ends(view) && matches!(view.phase, PhaseView::Aggregate);
    match running(view) {
        Ok(()) if !is_ending => impossible(format!(
            "federation {0} is not over: `fedchain federation cancel {0}` ends it",
            view.federation
        )),
        _ => Ok(()),
    }
}

fn owned(view: &FederationView, owner: &AccountId) -> Result<(), Error> {
    running(view)?;
    is_owner(view, owner)
}

fn is_owner(view: &FederationView, owner: &AccountId) -> Result<(), Error> {
    match view.owner == *owner {
        true => Ok(()),
        false => impossible(format!(
            "{owner} does not own federation {}: sign with the key of {}",
            view.federation, view.owner
        )),
    }
}

fn running(view: &FederationView) -> Result<(), Error> {
    match view.phase {
        PhaseView::Finished | PhaseView::Cancelled => {
            impossible(format!("federation {} is over", view.federation))
        }
        _ => Ok(()),
    }
}

/// Whether no round comes after this one.
fn ends(view: &FederationView) -> bool {
    view.cancelling || view.round >= view.last_round()
}

fn no_client(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    match seat::client_of(view, account) {
        None => Ok(()),
        Some(_) => impossible(format!(
            "{account} is a client of federation {} already",
            view.federation
        )),
    }
}

fn no_evaluator(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    match evaluates(view, account) {
        false => Ok(()),
        true => impossible(format!(
            "{account} is an evaluator of federation {} already",
            view.federation
        )),
    }
}

fn not_invited(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    match view.invited.contains(account) {
        false => Ok(()),
        true => impossible(format!(
            "{account} is invited to federation {} already",
            view.federation
        )),
    }
}

fn evaluates(view: &FederationView, account: &AccountId) -> bool {
    view.evaluators.iter().any(|seat| seat.account == *account)
}

fn full(view: &FederationView, taken: usize) -> Result<(), Error> {
    impossible(format!(
        "all {taken} seats of federation {} are taken",
        view.federation
    ))
}

fn impossible(reason: String) -> Result<(), Error> {
    Err(Error::Impossible(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::decide::tests::view;

    const OWNER: AccountId = AccountId([9; 32]);
    const CLIENT: AccountId = AccountId([1; 32]);
    const STRANGER: AccountId = AccountId([5; 32]);

    /// A federation with one client of two, in round 2 of 3.
    fn open() -> FederationView {
        view(PhaseView::Aggregate)
    }

    #[track_caller]
    fn refused(found: Result<(), Error>, reason: &str) {
        let error = found.unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().contains(reason), "{error}");
    }

    #[test]
    fn what_the_owner_may_do_is_let_pass() {
        let mut federation = open();
        invite(&federation, &OWNER, &STRANGER).unwrap();
        cancel(&federation, &OWNER).unwrap();
        federation.invited = vec![STRANGER];
        withdraw(&federation, &OWNER, &STRANGER).unwrap();
        join(&federation, &STRANGER).unwrap();
        leave(&federation, &CLIENT).unwrap();
        remove(&view(PhaseView::Cancelled), &OWNER).unwrap();
    }

    #[test]
    fn only_the_owner_governs() {
        let federation = open();
        let reason = format!("{STRANGER} does not own federation 0: sign with the key of {OWNER}");
        for found in [
            invite(&federation, &STRANGER, &STRANGER),
            withdraw(&federation, &STRANGER, &STRANGER),
            appoint(&federation, &STRANGER, &STRANGER),
            cancel(&federation, &STRANGER),
            remove(&federation, &STRANGER),
        ] {
            refused(found, &reason);
        }
    }

    #[test]
    fn what_is_over_stays_so() {
        let federation = view(PhaseView::Finished);
        for found in [
            invite(&federation, &OWNER, &STRANGER),
            withdraw(&federation, &OWNER, &STRANGER),
            appoint(&federation, &OWNER, &STRANGER),
            cancel(&federation, &OWNER),
            join(&federation, &STRANGER),
            leave(&federation, &CLIENT),
        ] {
            refused(found, "federation 0 is over");
        }
        refused(remove(&open(), &OWNER), "federation 0 is not over");
    }

    #[test]
    fn seats_are_given_once() {
        let mut federation = open();
        refused(invite(&federation, &OWNER, &CLIENT), "is a client of");
        refused(join(&federation, &CLIENT), "is a client of");
        refused(withdraw(&federation, &OWNER, &CLIENT), "no invitation");
        refused(leave(&federation, &STRANGER), "has no seat");
        refused(appoint(&federation, &OWNER, &STRANGER), "no quality gate");
        federation.invited = vec![STRANGER];
        refused(invite(&federation, &OWNER, &STRANGER), "is invited to");
        refused(
            invite(&federation, &OWNER, &AccountId([6; 32])),
            "all 2 seats of federation 0 are taken",
        );
        federation.spec.membership = Membership::Open;
        refused(invite(&federation, &OWNER, &STRANGER), "is open to all");
    }

    #[test]
    fn nothing_is_ended_twice() {
        let mut federation = open();
        federation.cancelling = true;
        federation.clients[0].leaving = true;
        federation.invited = vec![STRANGER];
        refused(cancel(&federation, &OWNER), "ends with this round already");
        refused(leave(&federation, &CLIENT), "leaves federation 0 with");
        refused(join(&federation, &STRANGER), "takes no new clients");
        // It is as good as over.
        remove(&federation, &OWNER).unwrap();
    }
}
