//! How a round's model is judged on holdouts, and what each client has contributed to it.
//!
//! ```text
//! for each holdout: loss of the base model, of the new one --median of the changes--> verdict
//! for each client:  losses of the model without it --median of the changes--> contribution
//! ```
//!
//! A client's contribution is by how much the median holdout's loss would have been higher without its
//! update (leave-one-out: Cook, Detection of Influential Observation in Linear Regression, 1977). One
//! that made the model worse has a negative contribution.
//!
//! With fewer than half of the holdouts bad, a median lies between changes on good ones, whatever the
//! bad ones are.
//!
//! An [`Assessment`] can rest in storage between any two losses; [`assess`] runs through all of them at
//! once, in the same order.

mod assessment;
mod record;

#[cfg(test)]
mod tests;

pub use assessment::{Assessment, Subject};
pub use record::{Contribution, GateRecord, Scores};

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Error, Moment, TaskSpec, aggregate,
    score::{Holdout, mean_loss},
};

/// Judges the model `new`, which a round made of `updates` (values, effective sample count) and
/// `base`; both models are `[param_count]`. `moments` is the optimiser's memory before the round.
///
/// Contributions are measured where `contributes`. Without a client too few updates may be left for
/// the strategy: the round would have been skipped then, and the base model have stayed.
///
/// # Errors
/// As [`mean_loss`].
pub fn assess(
    task: &TaskSpec,
    (base, new): (&[i32], &[i32]),
    updates: &[(&[i32], u32)],
    moments: &[Moment],
    holdouts: &[Holdout],
    contributes: bool,
) -> Result<Assessment, Error> {
    let clients = match contributes {
        true => updates.len() as u32,
        false => 0,
    };
    let mut assessment = Assessment::new(holdouts.len() as u32, clients);
    while let Some(subject) = assessment.next() {
        let model = match subject {
            Subject::Base => Cow::Borrowed(base),
            Subject::New => Cow::Borrowed(new),
            Subject::Without(client) => match without(task, base, updates, moments, client) {
                Ok(model) => Cow::Owned(model),
                Err(Error::TooFewClients { .. }) => Cow::Borrowed(base),
                Err(error) => return Err(error),
            },
        };
        for holdout in holdouts {
            assessment.take(mean_loss(task, &model, holdout)?);
        }
    }
    Ok(assessment)
}

/// The model that the round would have made without one of its clients.
fn without(
    task: &TaskSpec,
    base: &[i32],
    updates: &[(&[i32], u32)],
    moments: &[Moment],
    client: u32,
) -> Result<Vec<i32>, Error> {
    let others: Vec<_> = (0..)
        .zip(updates)
        .filter(|(place, _)| *place != client)
        .map(|(_, update)| *update)
        .collect();
    aggregate(task, base, &others, &mut moments.to_vec())
}
