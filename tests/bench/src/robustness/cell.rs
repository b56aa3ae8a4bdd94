//! One run: a federation, a strategy, an attack.

use anyhow::{Context, Result};
use fedchain_fl::{Error, NormRule, Strategy};
use fedchain_learn::{
    Hyper, Method,
    simulate::{Attackers, Round, Setup, Simulation, attack::Attack},
};

use super::{
    digits::{self, CLIENTS},
    partition::Partition,
};

/// How all clients train.
const HYPER: Hyper = Hyper {
    method: Method::Sgd { momentum: 0.0 },
    epochs: 5,
    batch_size: 16,
    learning_rate: 1.0,
    proximal: 0.0,
    l2: 0.0,
    seed: 1,
};

/// Strategy and norm rule.
type Rules = (Strategy, Option<NormRule>);
/// A name, and the rules for a number of attackers.
type Defence = (&'static str, fn(u32) -> Rules);

/// The rules to compare, each made for a number of attackers that its owner knows; only the default
/// is always the same.
pub const DEFENCES: [Defence; 9] = [
    ("fed_avg", |_| (Strategy::FedAvg, None)),
    ("clip_fed_avg", |_| {
        (Strategy::FedAvg, Some(NormRule::ClipToMedian))
    }),
    ("median", |_| (Strategy::Median, None)),
    ("trimmed_mean", |f| {
        (Strategy::TrimmedMean { trim: f }, None)
    }),
    ("krum", |f| (Strategy::Krum { f }, None)),
    ("multi_krum", |f| {
        let keep = CLIENTS as u32 - f - 2;
        (Strategy::MultiKrum { f, keep }, None)
    }),
    ("bulyan", |f| (Strategy::Bulyan { f }, None)),
    ("geometric_median", |_| (Strategy::GeometricMedian, None)),
    ("default", |_| {
        let strategy = Strategy::default_for(CLIENTS as u32);
        (strategy, Some(NormRule::ClipToMedian))
    }),
];

/// What is run.
pub struct Cell {
    /// How many of the clients attack, the first ones.
    pub attackers: usize,
    /// What defends the model.
    pub rules: Rules,
    /// What attackers do; none: they are honest.
    pub attack: Option<&'static dyn Attack>,
}

impl Cell {
    /// The mean accuracy over some partitions, in per cent; none when the federation could not be
    /// created, since the strategy needs more clients.
    pub fn mean_accuracy(&self, partitions: &[Partition]) -> Result<Option<f64>> {
        let found = partitions.iter().map(|partition| self.accuracy(partition));
        let sum: Option<f64> = found.collect::<Result<Vec<_>>>()?.into_iter().sum();
        Ok(sum.map(|sum| sum * 100.0 / partitions.len() as f64))
    }

    /// Accuracy of the last server model on rows that nobody trained on.
    fn accuracy(&self, partition: &Partition) -> Result<Option<f64>> {
        let mut spec = digits::spec()?;
        (spec.task.strategy, spec.task.norm) = self.rules;
        match spec.check(u32::MAX) {
            Err(Error::TooFewClients { .. }) => return Ok(None),
            found => found?,
        }
        let count = self.attackers;
        let setup = Setup {
            held_out: std::slice::from_ref(&partition.held_out),
            attackers: self.attack.map(|attack| Attackers { count, attack }),
            ..Setup::new(&spec, &partition.clients, HYPER)
        };
        let rounds: Vec<Round> = Simulation::new(setup)?.collect::<Result<_, _>>()?;
        let last = rounds.last().context("a federation has a first model")?;
        Ok(last.metrics.accuracy)
    }
}
