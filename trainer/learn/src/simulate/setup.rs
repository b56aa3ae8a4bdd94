//! What is simulated: the federation, its clients, and what befalls them.

use fedchain_fl::{
    FederationSpec, Initial, ModelSpec, Name, NormRule, Optimiser, Strategy, Target, TaskSpec,
    limits::{CLIENTS_MAX, DISTANCE_CLIENTS_MAX},
};
use serde::Serialize;

use super::{Sampling, SimulateError, attack::Attack};
use crate::{
    Hyper,
    data::{Dataset, Targets},
};

/// Everything that a simulation's result follows from. `Balance` does not matter.
///
/// Clients stand for accounts in ascending order. What the federation says of its size
/// (`clients_min`, `clients_max`), of time, money and a quality gate is left out: every aggregate is
/// adopted.
#[derive(Debug)]
pub struct Setup<'a, Balance> {
    /// The federation.
    pub spec: &'a FederationSpec<Balance>,
    /// Each client's rows.
    pub clients: &'a [Dataset],
    /// Rows that nobody trains on, in any number of parts, to measure server models on; without
    /// them these are measured on all clients' rows.
    pub held_out: &'a [Dataset],
    /// How every client trains.
    pub hyper: Hyper,
    /// Who takes part in a round.
    pub sampling: Sampling,
    /// The probability, from 0 to below 1, that a sampled client sends nothing.
    pub drop_out: f64,
    /// Who cheats, and how.
    pub attackers: Option<Attackers>,
    /// Seed of samples, drop-outs and attacks; training has its own in `hyper`.
    pub seed: u64,
}

/// Clients who act together against the others.
#[derive(Debug, Clone, Copy)]
pub struct Attackers {
    /// How many of the clients, the first ones: rules that break ties by account favour them.
    pub count: usize,
    /// What they do.
    pub attack: &'static dyn Attack,
}

/// A [`Setup`] as it stands in results.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Name of the federation.
    pub federation: Name,
    /// Its model.
    pub model: ModelSpec,
    /// Weights of the model.
    pub param_count: u32,
    /// Its strategy.
    pub strategy: Strategy,
    /// What happens to updates far from the base model.
    pub norm: Option<NormRule>,
    /// What the server does with the aggregate.
    pub optimiser: Optimiser,
    /// Rounds.
    pub rounds: u32,
    /// Clients.
    pub clients: usize,
    /// Rows of all clients.
    pub rows: usize,
    /// Rows that nobody trains on.
    pub held_out_rows: usize,
    /// Clients sampled per round: a share or a number.
    pub sampling: Sampling,
    /// The probability that a sampled client sends nothing.
    pub drop_out: f64,
    /// Clients who attack.
    pub attackers: usize,
    /// What they do.
    pub attack: Option<&'static str>,
    /// How every client trains.
    pub hyper: Hyper,
    /// Seed of samples, drop-outs and attacks.
    pub seed: u64,
}

impl<'a, Balance> Setup<'a, Balance> {
    /// Everybody takes part in every round, and nobody cheats.
    pub fn new(spec: &'a FederationSpec<Balance>, clients: &'a [Dataset], hyper: Hyper) -> Self {
        Self {
            spec,
            clients,
            held_out: &[],
            hyper,
            sampling: Sampling::ALL,
            drop_out: 0.0,
            attackers: None,
            seed: 0,
        }
    }

    /// For results.
    ///
    /// # Errors
    /// When the federation's model is impossible.
    pub fn summary(&self) -> Result<Summary, SimulateError> {
        let task = &self.spec.task;
        let rows = |parts: &[Dataset]| parts.iter().map(Dataset::rows).sum();
        Ok(Summary {
            federation: self.spec.name.clone(),
            model: task.model.clone(),
            param_count: task.param_count()?,
            strategy: task.strategy,
            norm: task.norm,
            optimiser: task.optimiser,
            rounds: self.spec.rounds_max,
            clients: self.clients.len(),
            rows: rows(self.clients),
            held_out_rows: rows(self.held_out),
            sampling: self.sampling,
            drop_out: self.drop_out,
            attackers: self.attackers.map_or(0, |attackers| attackers.count),
            attack: self.attackers.map(|attackers| attackers.attack.name()),
            hyper: self.hyper,
            seed: self.seed,
        })
    }

    /// Clients per round.
    ///
    /// # Errors
    /// The first thing that makes the simulation impossible.
    pub(super) fn check(&self) -> Result<usize, SimulateError> {
        let clients = self.clients.len();
        if clients == 0 {
            return Err(SimulateError::NoClients);
        }
        let count = self.sampling.of(clients).ok_or(SimulateError::Sampling {
            sampling: self.sampling,
            clients,
        })?;
        if !(0.0..1.0).contains(&self.drop_out) {
            let found = self.drop_out;
            return Err(SimulateError::DropOut { found });
        }
        if let Some(Attackers { count, attack }) = self.attackers {
            if count > clients {
                let attackers = count;
                return Err(SimulateError::Attackers { attackers, clients });
            }
            if matches!(self.spec.task.schema.target, Target::Real(_)) && relabels(attack, 2) {
                let attack = attack.name();
                return Err(SimulateError::NoLabels { attack });
            }
        }
        self.check_task(count)?;
        Ok(count)
    }

    /// Whether the task can be simulated with so many updates in a round.
    fn check_task(&self, found: usize) -> Result<(), SimulateError> {
        let TaskSpec {
            strategy, initial, ..
        } = &self.spec.task;
        if strategy.terms().is_some() {
            return Err(SimulateError::Certified);
        }
        if matches!(initial, Initial::Uploaded { .. }) {
            return Err(SimulateError::Uploaded);
        }
        let max = match strategy.needs_distances() {
            true => DISTANCE_CLIENTS_MAX,
            false => CLIENTS_MAX,
        } as usize;
        match found > max {
            true => Err(SimulateError::TooManyUpdates { found, max }),
            false => Ok(()),
        }
    }

    /// The rows of the attackers as these see them, from the first client on; empty when they are the
    /// clients' own.
    pub(super) fn relabelled(&self) -> Vec<Dataset> {
        let Some(Attackers { count, attack }) = self.attackers else {
            return Vec::new();
        };
        let classes = self.spec.task.schema.target.outputs() as usize;
        if !relabels(attack, classes) {
            return Vec::new();
        }
        let mut rows = self.clients.iter().take(count).cloned().collect::<Vec<_>>();
        for data in &mut rows {
            if let Some(Targets::Classes(labels)) = &mut data.targets {
                labels.mapv_inplace(|class| attack.label(class, classes));
            }
        }
        rows
    }
}

/// Whether the attack begins with the labels.
fn relabels(attack: &dyn Attack, classes: usize) -> bool {
    (0..classes).any(|class| attack.label(class, classes) != class)
}
