//! Who has a seat in a federation, and what to do without one.

use fedchain_fl::{Membership, view::ClientView};

use crate::{
    Error,
    chain::{AccountId, FederationView},
};

/// An account's seat, as a best block had it last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seat {
    /// Height of that block.
    pub seen_at: u32,
    round: u32,
    missed: u32,
    /// Whether the client gave it up; else it is lost by missing rounds.
    pub is_given_up: bool,
}

impl Seat {
    /// Looks at a best block of height `best`, in which `client` has the seat if anybody.
    pub fn look(&mut self, client: Option<&ClientView<AccountId>>, round: u32, best: u32) {
        match client {
            Some(client) => {
                *self = Self {
                    seen_at: best,
                    round,
                    missed: client.missed,
                    is_given_up: client.leaving,
                };
            }
            // Nobody misses a round while none closes.
            None => self.is_given_up |= self.missed == 0 && self.round == round,
        }
    }
}

/// The account as a client of the federation.
pub(crate) fn client_of<'a>(
    view: &'a FederationView,
    account: &AccountId,
) -> Option<&'a ClientView<AccountId>> {
    view.clients
        .iter()
        .find(|client| client.account == *account)
}

/// Why an account cannot join without the owner; none when it can.
pub(crate) fn uninvited(view: &FederationView, account: &AccountId) -> Option<Error> {
    let is_closed = view.spec.membership == Membership::Invited && !view.invited.contains(account);
    is_closed.then(|| {
        let number = view.federation;
        Error::Impossible(format!(
            "{account} is not invited to federation {number}: {}",
            invitation(view, account)
        ))
    })
}

/// Why an account cannot take part that has never been a client, as far as the chain says.
pub(crate) fn not_member(view: &FederationView, account: &AccountId) -> Error {
    uninvited(view, account).unwrap_or_else(|| {
        Error::Impossible(format!(
            "{account} is no client of federation {0}: run `fedchain join {0}` first",
            view.federation
        ))
    })
}

/// Why a client has no seat any more.
pub(crate) fn dropped(view: &FederationView, account: &AccountId) -> Error {
    let number = view.federation;
    let join = format!("run `fedchain join {number}` to take part again");
    let next = match uninvited(view, account) {
        // An invitation is used up by joining.
        Some(_) => format!("{}, then {join}", invitation(view, account)),
        None => join,
    };
    Error::Impossible(format!(
        "{account} is no longer a client of federation {number}, for it missed two rounds in a row: \
         {next}"
    ))
}

fn invitation(view: &FederationView, account: &AccountId) -> String {
    format!(
        "ask its owner {} to run `fedchain federation invite {} {account}`",
        view.owner, view.federation
    )
}

#[cfg(test)]
mod tests {
    use fedchain_fl::view::PhaseView;

    use super::{super::decide::tests::view, *};

    const ME: AccountId = AccountId([7; 32]);

    #[test]
    fn who_is_dropped_needs_a_new_invitation_where_there_are_any() {
        let mut view = view(PhaseView::Waiting);
        let owner = view.owner;
        let why = format!(
            "{ME} is no longer a client of federation 0, for it missed two rounds in a row: "
        );
        let join = "run `fedchain join 0` to take part again";
        assert_eq!(
            dropped(&view, &ME).to_string(),
            format!(
                "{why}ask its owner {owner} to run `fedchain federation invite 0 {ME}`, then {join}"
            )
        );
        view.invited = vec![ME];
        assert_eq!(dropped(&view, &ME).to_string(), format!("{why}{join}"));
        view.invited.clear();
        view.spec.membership = Membership::Open;
        assert_eq!(dropped(&view, &ME).to_string(), format!("{why}{join}"));
    }

    #[test]
    fn a_seat_is_given_up_by_leaving_and_lost_by_missing_rounds() {
        let client = |missed, leaving| {
            let mut client = view(PhaseView::Waiting).clients.remove(0);
            client.missed = missed;
            client.leaving = leaving;
            client
        };
        for (missed, leaving, rounds_on, expected) in [
            // `leave` between rounds takes effect at once.
            (0, false, 0, true),
            (0, true, 1, true),
            (1, false, 0, false),
            (0, false, 2, false),
        ] {
            let mut seat = Seat::default();
            seat.look(Some(&client(missed, leaving)), 3, 40);
            for later in 41..=42 {
                seat.look(None, 3 + rounds_on, later);
            }
            // What the first look found stays.
            seat.look(None, 9, 43);
            assert_eq!(
                (seat.seen_at, seat.is_given_up),
                (40, expected),
                "{missed} {leaving}"
            );
        }
    }

    #[test]
    fn a_stranger_joins_if_it_may() {
        let mut view = view(PhaseView::Waiting);
        let found = not_member(&view, &ME).to_string();
        assert!(
            found.starts_with(&format!(
                "{ME} is not invited to federation 0: ask its owner"
            )),
            "{found}"
        );
        view.invited = vec![ME];
        assert_eq!(
            not_member(&view, &ME).to_string(),
            format!("{ME} is no client of federation 0: run `fedchain join 0` first")
        );
    }
}
