//! One run: a federation, a strategy, an attack.

use anyhow::{Context, Result};
use fedchain_byzantine::attack::{Attack, Round};
use fedchain_fl::{Error, FederationSpec, NormRule, Strategy};
use fedchain_trainer::{
    data::{Dataset, Targets},
    learn::{self, Hyper},
    simulate::simulate_attacked,
};

use super::{
    digits::{self, CLASSES, CLIENTS},
    partition::Partition,
};

/// How all clients train.
const HYPER: Hyper = Hyper {
    epochs: 5,
    batch_size: 16,
    learning_rate: 1.0,
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
        let mut clients = partition.clients.clone();
        if let Some(attack) = self.attack {
            for client in clients.iter_mut().take(self.attackers) {
                relabel(client, attack);
            }
        }
        let models = simulate_attacked(&spec, &clients, &HYPER, |round, base, updates| {
            if let Some(attack) = self.attack {
                self.replace(&spec, attack, round, base, updates);
            }
        })?;
        let model = models.last().context("a federation has a first model")?;
        let metrics = learn::evaluate(&spec.task, model, &partition.held_out)?;
        Ok(metrics.accuracy)
    }

    /// Puts the attackers' updates and sample counts in the place of their honest ones.
    fn replace(
        &self,
        spec: &FederationSpec<u128>,
        attack: &dyn Attack,
        round: u32,
        base: &[i32],
        updates: &mut [(Vec<i32>, u32)],
    ) {
        let all: Vec<Vec<i32>> = updates.iter().map(|(values, _)| values.clone()).collect();
        let (own, honest) = all.split_at(self.attackers);
        let sent = attack.updates(&Round {
            base,
            honest,
            own,
            format: spec.task.format,
            seed: round.into(),
        });
        for ((values, count), sent) in updates.iter_mut().zip(sent) {
            *values = sent;
            *count = attack.sample_count(*count, spec.sample_count_max);
        }
    }
}

fn relabel(client: &mut Dataset, attack: &dyn Attack) {
    if let Some(Targets::Classes(classes)) = &mut client.targets {
        classes.mapv_inplace(|class| attack.label(class, CLASSES));
    }
}
