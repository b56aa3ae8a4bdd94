//! The server's side of a federation without a chain: the pallet's rules, in memory.

use fedchain_fl::{
    Error, FederationSpec, NormRule, TaskSpec, aggregate,
    norm::{self, squared_distance},
    optimiser::Moment,
};

/// A federation between two rounds.
#[derive(Debug, Clone)]
pub struct Server<'a, Balance> {
    spec: &'a FederationSpec<Balance>,
    round: u32,
    model: Vec<i32>,
    moments: Vec<Moment>,
}

/// What a client sends in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// `[param_count]`, at scale `2^-frac_bits`.
    pub values: Vec<i32>,
    /// Rows that the client says it learned from.
    pub sample_count: u32,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The updates made a new server model.
    Aggregated {
        /// Updates that the norm rule let pass.
        accepted: usize,
    },
    /// Too few updates: the server model stays.
    Skipped {
        /// Updates that the norm rule let pass.
        accepted: usize,
    },
}

impl<'a, Balance> Server<'a, Balance> {
    /// Round 1 of a federation, before its first update.
    ///
    /// # Errors
    /// When the spec has no initial model; one that its owner uploads is only on the chain, and counts as
    /// one of no weights here.
    pub fn new(spec: &'a FederationSpec<Balance>) -> Result<Self, Error> {
        Ok(Self {
            spec,
            round: 1,
            model: spec.task.initial_model()?.unwrap_or_default(),
            moments: Vec::new(),
        })
    }

    /// The round that is open, from 1.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// The server model, `[param_count]`, at scale `2^-frac_bits`.
    pub fn model(&self) -> &[i32] {
        &self.model
    }

    /// Whether all rounds are over.
    pub fn is_finished(&self) -> bool {
        self.round > self.spec.rounds_max
    }

    /// Ends the round with the clients' updates, in the order of their accounts: updates beyond the norm
    /// bound are refused, sample counts are ignored in open federations, in others capped, as honest
    /// clients do and the chain demands.
    ///
    /// # Errors
    /// When the rules refuse the round for another reason than too few updates.
    pub fn close(&mut self, updates: &[Update]) -> Result<Outcome, Error> {
        let task = &self.spec.task;
        let mut accepted = Vec::with_capacity(updates.len());
        for update in updates {
            let squared = squared_distance(&update.values, &self.model);
            if task.norm.is_none_or(|rule| rule.accepts(squared)) {
                let count = update.sample_count.min(self.spec.sample_count_max);
                accepted.push((update.values.as_slice(), self.spec.effective_count(count)?));
            }
        }
        self.round = self.round.saturating_add(1);
        let count = accepted.len();
        match aggregate(task, &self.model, &accepted, &mut self.moments) {
            Ok(model) => {
                self.model = model;
                Ok(Outcome::Aggregated { accepted: count })
            }
            Err(Error::TooFewClients { .. }) => Ok(Outcome::Skipped { accepted: count }),
            Err(error) => Err(error),
        }
    }
}

/// What an honest client does with its update before it sends it: where the federation has a bound
/// on norms, moves `values` towards `base` until they keep it. Whether that changed them.
pub fn keep_bound(task: &TaskSpec, base: &[i32], values: &mut [i32]) -> bool {
    match task.norm {
        Some(NormRule::Reject { max } | NormRule::Clip { max }) => norm::clip(values, base, max),
        _ => false,
    }
}
