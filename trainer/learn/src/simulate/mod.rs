//! A whole federation in one process, without a chain: the same training, the same arithmetic, the
//! same model roots.
//!
//! ```text
//! lots --who is there--> train (all cores) --attack--> Server::close --root, measures--> Round
//! ```
//!
//! A [`Simulation`] is an iterator over the rounds of a [`Setup`]. Its results do not depend on the
//! number of threads: clients train apart from each other, and everything is put together in their
//! order. It works in rayon's current thread pool. In memory are the clients' rows, the server model
//! and the updates of one round.
//!
//! A certified regression has no rounds to train in: [`certify`] solves it.
//!
//! - [`attack`]: what attackers send. [`plot`]: charts. [`report`]: what is said of each round.

pub mod attack;
mod certified;
mod error;
mod lots;
pub mod plot;
pub mod report;
mod setup;

#[cfg(test)]
mod tests;

pub use certified::{Certified, certify};
pub use error::SimulateError;
pub use lots::Sampling;
pub use report::{Outcome, Round};
pub use setup::{Attackers, Setup, Summary};

use fedchain_commitment::values_root;
use fedchain_fl::{FederationSpec, H256};
use rayon::prelude::*;

use crate::{
    Hyper, Metrics,
    data::Dataset,
    evaluate,
    server::{self, Server, Update, keep_bound},
    train,
};
use lots::Lots;

/// A federation between two rounds; as an iterator, the rounds to come, the initial model first.
///
/// Iteration ends after the last round, or with the first error.
#[derive(Debug)]
pub struct Simulation<'a, Balance> {
    setup: Setup<'a, Balance>,
    server: Server<'a, Balance>,
    /// Clients sampled per round.
    sampled: usize,
    /// See [`Setup::relabelled`].
    relabelled: Vec<Dataset>,
    stage: Stage,
}

/// How far an iteration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Initial,
    Rounds,
    Failed,
}

/// A round as it was closed, before the server model is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closed {
    round: u32,
    sampled: usize,
    dropped: usize,
    accepted: usize,
    outcome: Outcome,
}

impl<'a, Balance> Simulation<'a, Balance> {
    /// A federation before its first round.
    ///
    /// # Errors
    /// [`SimulateError`] for the first thing that makes the setup impossible.
    pub fn new(setup: Setup<'a, Balance>) -> Result<Self, SimulateError> {
        Ok(Self {
            sampled: setup.check()?,
            server: Server::new(setup.spec)?,
            relabelled: setup.relabelled(),
            setup,
            stage: Stage::Initial,
        })
    }

    /// What is simulated.
    pub fn setup(&self) -> &Setup<'a, Balance> {
        &self.setup
    }

    /// The server model, `[param_count]`, at scale `2^-frac_bits`.
    pub fn model(&self) -> &[i32] {
        self.server.model()
    }

    /// Root of the server model, as the chain records it.
    ///
    /// # Errors
    /// When the model does not fit the federation's number format.
    pub fn model_root(&self) -> Result<H256, SimulateError> {
        let format = self.setup.spec.task.format;
        Ok(values_root(&format.encode(self.model())?))
    }

    /// Runs one round: lots, training, attacks, aggregation.
    fn close(&mut self) -> Result<Closed, SimulateError> {
        let round = self.server.round();
        let setup = &self.setup;
        let clients = setup.clients.len();
        let lots = lots::draw(setup.seed, round, clients, self.sampled, setup.drop_out);
        let updates = self.updates(round, &lots)?;
        let (outcome, accepted) = match self.server.close(&updates)? {
            server::Outcome::Aggregated { accepted } => (Outcome::Aggregated, accepted),
            server::Outcome::Skipped { accepted } => (Outcome::Skipped, accepted),
        };
        Ok(Closed {
            round,
            sampled: self.sampled,
            dropped: lots.dropped,
            accepted,
            outcome,
        })
    }

    /// What the clients send, in their order.
    fn updates(&self, round: u32, lots: &Lots) -> Result<Vec<Update>, SimulateError> {
        let spec = self.setup.spec;
        let mut values = self.train(round, lots)?;
        let sample_count = |client: usize| {
            let rows = self.setup.clients.get(client).map_or(0, Dataset::rows);
            spec.stated_count(rows)
        };
        let mut counts: Vec<u32> = lots.present.iter().map(|it| sample_count(*it)).collect();
        if let Some(Attackers { count, attack }) = self.setup.attackers {
            // Attackers are the first clients.
            let attackers = lots.present.partition_point(|client| *client < count);
            let (own, honest) = values.split_at(attackers);
            let sent = attack.updates(&attack::Round {
                base: self.model(),
                honest,
                own,
                format: spec.task.format,
                seed: self.setup.seed.rotate_left(32) ^ u64::from(round),
            });
            for (values, sent) in values.iter_mut().zip(sent) {
                *values = sent;
            }
            for count in counts.iter_mut().take(attackers) {
                *count = attack.sample_count(*count, spec.sample_count_max);
            }
        }
        let updates = values.into_iter().zip(counts);
        Ok(updates
            .map(|(values, sample_count)| Update {
                values,
                sample_count,
            })
            .collect())
    }

    /// Trains the clients that are there, on all cores; their values in their order.
    fn train(&self, round: u32, lots: &Lots) -> Result<Vec<Vec<i32>>, SimulateError> {
        let task = &self.setup.spec.task;
        let (base, clients) = (self.server.model(), self.setup.clients);
        let (relabelled, hyper) = (&self.relabelled, &self.setup.hyper);
        let trained: Vec<Result<Vec<i32>, SimulateError>> = lots
            .present
            .par_iter()
            .filter_map(|client| {
                let data = relabelled.get(*client).or_else(|| clients.get(*client))?;
                let trained = train(task, base, data, hyper, round).map(|trained| {
                    let mut values = trained.values;
                    keep_bound(task, base, &mut values);
                    values
                });
                Some(trained.map_err(|source| SimulateError::Client {
                    client: client.saturating_add(1),
                    round,
                    source,
                }))
            })
            .collect();
        // Of several errors always the first client's.
        trained.into_iter().collect()
    }

    /// Measures the server model on the rows held out, or on all clients' rows.
    fn measure(&self, round: u32) -> Result<Metrics, SimulateError> {
        let (task, model) = (&self.setup.spec.task, self.server.model());
        let parts = match self.setup.held_out {
            [] => self.setup.clients,
            held_out => held_out,
        };
        let found: Vec<_> = parts
            .par_iter()
            .map(|part| evaluate(task, model, part))
            .collect();
        let found: Result<Vec<Metrics>, _> = found.into_iter().collect();
        let found = found.map_err(|source| SimulateError::Measure { round, source })?;
        report::together(&found).ok_or(SimulateError::NoClients)
    }

    fn report(&self, closed: Closed) -> Result<Round, SimulateError> {
        Ok(Round {
            round: closed.round,
            sampled: closed.sampled,
            dropped: closed.dropped,
            accepted: closed.accepted,
            outcome: closed.outcome,
            model_root: self.model_root()?,
            metrics: self.measure(closed.round)?,
        })
    }
}

impl Closed {
    /// Before the first round.
    const INITIAL: Self = Self {
        round: 0,
        sampled: 0,
        dropped: 0,
        accepted: 0,
        outcome: Outcome::Initial,
    };
}

impl<Balance> Iterator for Simulation<'_, Balance> {
    type Item = Result<Round, SimulateError>;

    fn next(&mut self) -> Option<Self::Item> {
        let closed = match self.stage {
            Stage::Failed => return None,
            Stage::Initial => Ok(Closed::INITIAL),
            Stage::Rounds if self.server.is_finished() => return None,
            Stage::Rounds => self.close(),
        };
        let round = closed.and_then(|closed| self.report(closed));
        self.stage = match round {
            Ok(_) => Stage::Rounds,
            Err(_) => Stage::Failed,
        };
        Some(round)
    }
}

/// Runs all rounds with every client in each of them, as trainers and chain would.
///
/// Returns the server model after each round, the initial one first: `[rounds_max + 1]` models of
/// `[param_count]` values.
///
/// # Errors
/// [`SimulateError`] when a client cannot train or the spec is impossible.
pub fn simulate<Balance>(
    spec: &FederationSpec<Balance>,
    clients: &[Dataset],
    hyper: &Hyper,
) -> Result<Vec<Vec<i32>>, SimulateError> {
    let mut simulation = Simulation::new(Setup::new(spec, clients, *hyper))?;
    let mut models = vec![simulation.model().to_vec()];
    while !simulation.server.is_finished() {
        simulation.close()?;
        models.push(simulation.model().to_vec());
    }
    Ok(models)
}
