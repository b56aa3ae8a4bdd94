//! The one round of a certified regression, which has an exact optimum instead of training.

use fedchain_fl::Decimal;
use fedchain_verifier::optimality::{self, Moments};
use serde::Serialize;

use super::{Setup, SimulateError, report};
use crate::{
    Metrics, evaluate,
    moments::{self, Uncertified},
};

/// What the clients' moments come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Certified {
    /// Clients.
    pub clients: usize,
    /// Their rows.
    pub rows: u32,
    /// How far the model is from the optimum, at most.
    pub distance: f64,
    /// How far it may be.
    pub epsilon: Decimal,
    /// The curvature that is proven.
    pub curvature: f64,
    /// How good the model is on the rows held out, or on all.
    pub metrics: Metrics,
}

/// Adds up all clients' moments, solves the regression, and checks the solution as the chain will.
///
/// # Errors
/// Why there would be no certificate: [`SimulateError::Client`] of the first client whose rows have no
/// moments, or [`SimulateError::Uncertified`].
pub fn certify<Balance>(setup: &Setup<'_, Balance>) -> Result<Certified, SimulateError> {
    let task = &setup.spec.task;
    let terms = task.strategy.terms().ok_or(Uncertified::OtherStrategy)?;
    let shape = task.shape()?;
    let mut sum = Moments::zero(shape);
    for (client, data) in (1..).zip(setup.clients) {
        let own = moments::moments(task, shape, data).map_err(|source| SimulateError::Client {
            client,
            round: 1,
            source,
        })?;
        sum.add(&own).map_err(Uncertified::from)?;
    }
    let rows = sum.rows();
    let (solution, bound) = moments::certify(task, sum)?;
    let model = solution.model(task.format);
    let model = model.ok_or(Uncertified::Refused(optimality::Error::Format))?;
    let parts = match setup.held_out {
        [] => setup.clients,
        held_out => held_out,
    };
    let measured: Result<Vec<Metrics>, _> = parts
        .iter()
        .map(|part| evaluate(task, &model, part))
        .collect();
    let measured = measured.map_err(|source| SimulateError::Measure { round: 1, source })?;
    Ok(Certified {
        clients: setup.clients.len(),
        rows,
        distance: bound.distance(),
        epsilon: terms.epsilon,
        curvature: bound.curvature(),
        metrics: report::together(&measured).ok_or(SimulateError::NoClients)?,
    })
}
