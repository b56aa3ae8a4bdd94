//! Local training: an update of a server model and a client's rows.

mod adam;
mod descend;
mod genetic;
mod hyper;
mod least_squares;
mod sgd;

pub use hyper::{Hyper, Method};

use fedchain_fl::TaskSpec;

use crate::{
    LearnError, Metrics,
    data::Dataset,
    evaluate,
    model::{fit::checked_targets, network::Network},
    quantise,
};
use adam::Adam;
use descend::descend;
use sgd::Sgd;

/// What a client sends, and what it gained.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The update, `[param_count]`, at scale `2^-frac_bits`.
    pub values: Vec<i32>,
    /// The base model on the client's rows.
    pub before: Metrics,
    /// The update on the client's rows.
    pub after: Metrics,
}

/// Trains from the server model `base` on the client's rows, for `round` (from 1).
///
/// The loss is the mean squared error for real targets and the cross-entropy for classes. Clients
/// whose rows differ drift apart while they train, and the mean of their updates is then not yet the
/// optimum of all rows; steps shrink with the rounds, so that drift and noise fade and the server
/// model converges to that optimum (Li et al., "On the Convergence of FedAvg on Non-IID Data",
/// 2020). The same arguments give the same update, on one kind of processor to the last bit.
///
/// # Errors
/// [`LearnError`] when the model cannot be trained here or by that method, does not fit the data, a
/// setting is out of its range, or training leaves the numbers that the federation's format can hold.
pub fn train(
    task: &TaskSpec,
    base: &[i32],
    data: &Dataset,
    hyper: &Hyper,
    round: u32,
) -> Result<Trained, LearnError> {
    hyper.check()?;
    let before = evaluate(task, base, data)?;
    let model = Network::from_values(task, base)?;
    let targets = checked_targets(task, data)?;
    let model = match hyper.method {
        Method::Sgd { momentum } => {
            descend(model, data, targets, hyper, round, Sgd::new(momentum))?
        }
        Method::Adam => descend(model, data, targets, hyper, round, Adam::default())?,
        Method::LeastSquares => least_squares::solve(task, model, data, targets, hyper)?,
        Method::Genetic {
            population,
            generations,
            mutation,
        } => {
            let search = genetic::Search {
                population,
                generations,
                mutation,
            };
            search.run(model, data, targets, hyper, round)?
        }
    };
    let values = quantise(&model.to_vec(), task.format)?;
    let after = evaluate(task, &values, data)?;
    Ok(Trained {
        values,
        before,
        after,
    })
}
