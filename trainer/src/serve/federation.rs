//! A plain server's federation between two messages: no clock, no network.
//!
//! It follows the pallet: whoever joins while a round is open counts from the next one on, two rounds
//! missed in a row cost the seat, and with too few clients no round opens.

use std::collections::{BTreeMap, BTreeSet};

use fedchain_commitment::spec_hash;
use fedchain_fl::{FederationSpec, H256, Initial, Membership, view};
use fedchain_learn::server::{Outcome, Server, Update as Received};

use super::{
    ServeError,
    api::{Closed, Join, Joined, Model, Refusal, Status, Update, Weights},
};
use crate::{chain::AccountId, words};

/// Rounds missed in a row that cost the seat, as on chain.
const MISSED_MAX: u32 = 2;

/// The state of a federation without a chain.
#[derive(Debug)]
pub struct Federation<'a> {
    run: H256,
    spec: &'a FederationSpec<u128>,
    spec_hash: H256,
    /// Who may join; anyone where there is none.
    allowed: Option<BTreeSet<AccountId>>,
    server: Server<'a, u128>,
    /// The server model's bytes and root.
    model: Weights,
    is_open: bool,
    seats: BTreeMap<AccountId, Seat>,
    /// The open round's updates. Their order is that of the chain: ascending accounts.
    updates: BTreeMap<AccountId, Received>,
    last: Option<Closed>,
}

/// A client's membership.
#[derive(Debug, Clone, Copy)]
struct Seat {
    first_round: u32,
    /// Rounds missed in a row.
    missed: u32,
}

impl<'a> Federation<'a> {
    /// A federation without clients. `run` must be new with each start of a server; `clients` are the
    /// accounts that may join, none means anyone.
    ///
    /// # Errors
    /// [`ServeError::Unservable`] where the spec asks for what only a chain does,
    /// [`ServeError::Clients`] where the list does not fit it, [`ServeError::Rule`] where it has no
    /// model.
    pub fn new(
        spec: &'a FederationSpec<u128>,
        run: H256,
        clients: &[AccountId],
    ) -> Result<Self, ServeError> {
        let unservable = |reason| Err(ServeError::Unservable(reason));
        if spec.gate.is_some() {
            return unservable("it has no evaluators, so leave [gate] out of the spec");
        }
        if spec.task.strategy.terms().is_some() {
            return unservable("it certifies nothing, so take another strategy than least_squares");
        }
        if matches!(spec.task.initial, Initial::Uploaded { .. }) {
            return unservable("nobody uploads a model to it, so start from \"zeros\" or a seed");
        }
        let server = Server::new(spec)?;
        let model = Weights::new(spec.task.format.encode(server.model())?);
        Ok(Self {
            run,
            spec,
            spec_hash: spec_hash(&spec.task),
            allowed: allowed(spec, clients)?,
            server,
            model,
            is_open: false,
            seats: BTreeMap::new(),
            updates: BTreeMap::new(),
            last: None,
        })
    }

    /// The open round; none while the federation waits for clients or is over.
    pub fn open_round(&self) -> Option<u32> {
        self.is_open.then(|| self.server.round())
    }

    /// Whether all rounds are over.
    pub fn is_finished(&self) -> bool {
        self.server.is_finished()
    }

    /// Whether the open round has an update of each client that it is for.
    pub fn is_complete(&self) -> bool {
        self.is_open && self.updates.len() == self.roster().count()
    }

    /// The clients, in ascending order.
    pub fn clients(&self) -> impl Iterator<Item = &AccountId> {
        self.seats.keys()
    }

    /// The server model, `[param_count]`, at scale `2^-frac_bits`.
    pub fn model(&self) -> &[i32] {
        self.server.model()
    }

    /// Root of the server model.
    pub fn model_root(&self) -> H256 {
        self.model.root
    }

    /// The answer to `serve_status`.
    pub fn status(&self) -> Status {
        Status {
            run: self.run,
            spec: self.spec.clone(),
            round: self.server.round(),
            clients: count(self.seats.len()),
        }
    }

    /// The answer to `serve_model`, whoever asks.
    pub fn shown(&self) -> Model {
        if self.is_finished() {
            Model::Finished {
                model: self.model.clone(),
                last: self.last,
            }
        } else if self.is_open {
            Model::Open {
                round: self.server.round(),
                clients: count(self.roster().count()),
                base: self.model.clone(),
                last: self.last,
            }
        } else {
            Model::Waiting {
                clients: count(self.seats.len()),
            }
        }
    }

    /// Gives a client its seat; one that has a seat keeps it.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn join(&mut self, join: &Join) -> Result<Joined, Refusal> {
        let account = join.account;
        self.check_run(join.run)?;
        if self.is_finished() {
            return Err(Refusal::Over);
        }
        if self
            .allowed
            .as_ref()
            .is_some_and(|list| !list.contains(&account))
        {
            return Err(Refusal::NotAllowed { account });
        }
        let round = self.server.round();
        if join.round != round {
            return Err(Refusal::OtherRound {
                found: join.round,
                open: self.open_round(),
            });
        }
        if !join.is_signed(self.spec_hash) {
            return Err(Refusal::Signature { account });
        }
        let clients_max = self.spec.clients_max;
        let has_room = self.seats.len() < clients_max as usize;
        let first_round = round.saturating_add(self.is_open.into());
        let new = Seat {
            first_round,
            missed: 0,
        };
        let seat = match has_room {
            true => *self.seats.entry(account).or_insert(new),
            false => *self
                .seats
                .get(&account)
                .ok_or(Refusal::Full { clients_max })?,
        };
        self.open_or_wait();
        Ok(Joined {
            first_round: seat.first_round,
        })
    }

    /// Takes a client's update for the open round.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn update(&mut self, update: &Update) -> Result<(), Refusal> {
        let account = update.account;
        self.check_run(update.run)?;
        if self.is_finished() {
            return Err(Refusal::Over);
        }
        let seat = self.seats.get(&account);
        let first_round = seat.ok_or(Refusal::NotJoined { account })?.first_round;
        let round = self.server.round();
        if !self.is_open || update.round != round {
            return Err(Refusal::OtherRound {
                found: update.round,
                open: self.open_round(),
            });
        }
        if first_round > round {
            return Err(Refusal::TooEarly {
                account,
                first_round,
            });
        }
        if self.updates.contains_key(&account) {
            return Err(Refusal::Twice { account, round });
        }
        if update.base_root != self.model.root {
            return Err(Refusal::OtherBase {
                found: update.base_root,
                base: self.model.root,
            });
        }
        if self.spec.effective_count(update.sample_count).is_err() {
            return Err(Refusal::SampleCount {
                found: update.sample_count,
                max: self.spec.sample_count_max,
            });
        }
        let (found, expected) = (update.values.len(), self.model.values.len());
        if found != expected {
            return Err(Refusal::Size {
                found: count(found),
                expected: count(expected),
            });
        }
        if !update.is_signed(self.spec_hash) {
            return Err(Refusal::Signature { account });
        }
        let received = Received {
            values: self.spec.task.format.decode(&update.values),
            sample_count: update.sample_count,
        };
        self.updates.insert(account, received);
        Ok(())
    }

    /// Ends the open round with the updates that came; none where no round is open.
    ///
    /// # Errors
    /// When the federation's rules refuse the round for another reason than too few updates.
    pub fn close(&mut self) -> Result<Option<Closed>, ServeError> {
        let Some(round) = self.open_round() else {
            return Ok(None);
        };
        let roster: Vec<AccountId> = self.roster().collect();
        let updates: BTreeMap<_, _> = std::mem::take(&mut self.updates);
        for account in &roster {
            self.settle(account, updates.contains_key(account));
        }
        let updates: Vec<Received> = updates.into_values().collect();
        let (outcome, accepted) = match self.server.close(&updates)? {
            Outcome::Aggregated { accepted } => (view::Outcome::Adopted, accepted),
            Outcome::Skipped { accepted } => (view::Outcome::Skipped, accepted),
        };
        self.model = Weights::new(self.spec.task.format.encode(self.server.model())?);
        let closed = Closed {
            round,
            results: count(accepted),
            failures: count(roster.len().saturating_sub(accepted)),
            outcome,
            model_root: self.model.root,
        };
        self.last = Some(closed);
        self.is_open = false;
        self.open_or_wait();
        Ok(Some(closed))
    }

    /// Counts rounds missed in a row, and takes the seat of who missed too many.
    fn settle(&mut self, account: &AccountId, has_answered: bool) {
        let Some(seat) = self.seats.get_mut(account) else {
            return;
        };
        seat.missed = match has_answered {
            true => 0,
            false => seat.missed.saturating_add(1),
        };
        if seat.missed >= MISSED_MAX {
            self.seats.remove(account);
        }
    }

    /// Opens the round, if it is not, with enough clients.
    fn open_or_wait(&mut self) {
        let has_enough = self.seats.len() >= self.spec.clients_min as usize;
        self.is_open |= has_enough && !self.is_finished();
    }

    /// The clients whose updates the round takes, in ascending order.
    fn roster(&self) -> impl Iterator<Item = AccountId> {
        let round = self.server.round();
        let seats = self.seats.iter();
        seats
            .filter(move |(_, seat)| seat.first_round <= round)
            .map(|(account, _)| *account)
    }

    fn check_run(&self, run: H256) -> Result<(), Refusal> {
        match run == self.run {
            true => Ok(()),
            false => Err(Refusal::OtherRun { run: self.run }),
        }
    }
}

/// Who may join.
fn allowed(
    spec: &FederationSpec<u128>,
    clients: &[AccountId],
) -> Result<Option<BTreeSet<AccountId>>, ServeError> {
    let list: BTreeSet<AccountId> = clients.iter().copied().collect();
    if list.is_empty() {
        return match spec.membership {
            Membership::Open => Ok(None),
            Membership::Invited => Err(ServeError::Clients(
                "the spec's clients are invited: name each with --client, or set \
                 membership = \"open\""
                    .into(),
            )),
        };
    }
    let (min, max) = (spec.clients_min as usize, spec.clients_max as usize);
    match (min..=max).contains(&list.len()) {
        true => Ok(Some(list)),
        false => Err(ServeError::Clients(format!(
            "--client names {}, but the spec wants {min} to {max} clients",
            words::count(list.len(), "account")
        ))),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
