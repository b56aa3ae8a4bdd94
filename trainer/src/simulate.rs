//! A whole federation in one process, without a chain: the same training, the same arithmetic.

use fedchain_fl::{
    FederationSpec, NormRule, aggregate,
    norm::{self, squared_distance},
};
use thiserror::Error;

use crate::{
    data::Dataset,
    learn::{Hyper, LearnError, train},
};

/// Why a simulation stopped.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// A client could not train.
    #[error("client {client} in round {round}: {source}")]
    Client {
        /// Place in the list of clients.
        client: usize,
        /// The round, from 1.
        round: u32,
        /// What went wrong.
        source: LearnError,
    },
    /// The federation's rules refuse something.
    #[error(transparent)]
    Rule(#[from] fedchain_fl::Error),
}

/// Runs all rounds with every client in each of them, as trainers and chain would: updates are
/// clipped to the norm bound, sample counts are capped and, in open federations, ignored; a round
/// with too few updates is skipped.
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
    simulate_attacked(spec, clients, hyper, |_, _, _| {})
}

/// As [`simulate`], but `attack` may change what clients send. It gets the round, the server model
/// and each client's update with its effective sample count, in order.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_attacked<Balance>(
    spec: &FederationSpec<Balance>,
    clients: &[Dataset],
    hyper: &Hyper,
    attack: impl Fn(u32, &[i32], &mut [(Vec<i32>, u32)]),
) -> Result<Vec<Vec<i32>>, SimulateError> {
    let task = &spec.task;
    let mut base = task.initial_model()?.unwrap_or_default();
    let mut moments = Vec::new();
    let mut models = vec![base.clone()];
    for round in 1..=spec.rounds_max {
        let mut updates = Vec::new();
        for (client, data) in clients.iter().enumerate() {
            let trained =
                train(task, &base, data, hyper, round).map_err(|source| SimulateError::Client {
                    client,
                    round,
                    source,
                })?;
            let mut values = trained.values;
            if let Some(NormRule::Reject { max } | NormRule::Clip { max }) = task.norm {
                norm::clip(&mut values, &base, max);
            }
            let rows = u32::try_from(data.rows()).unwrap_or(u32::MAX);
            updates.push((
                values,
                spec.effective_count(rows.min(spec.sample_count_max))?,
            ));
        }
        attack(round, &base, &mut updates);
        let is_accepted = |values: &[i32]| {
            let squared = squared_distance(values, &base);
            task.norm.is_none_or(|rule| rule.accepts(squared))
        };
        let updates: Vec<(&[i32], u32)> = updates
            .iter()
            .map(|(values, count)| (values.as_slice(), *count))
            .filter(|(values, _)| is_accepted(values))
            .collect();
        match aggregate(task, &base, &updates, &mut moments) {
            Ok(model) => base = model,
            Err(fedchain_fl::Error::TooFewClients { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        models.push(base.clone());
    }
    Ok(models)
}
