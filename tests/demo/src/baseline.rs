//! How the federated model compares with models that need no federation.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fedchain_learn::{
    Hyper, Metrics,
    data::{Dataset, Reading, Targets},
    evaluate, quantise,
    simulate::simulate,
};
use fedchain_test_support::{Parts, Task, oracle};

/// All models on the rows that nobody trained on.
pub struct Comparison {
    /// Rows held out.
    pub rows: usize,
    /// Rounds of the federation.
    pub rounds: usize,
    /// What is compared.
    pub measure: Measure,
    /// The server model after the last round.
    pub federated: f64,
    /// How the central model of all training rows was made.
    pub central_method: &'static str,
    /// The central model.
    pub central: f64,
    /// What each client reaches alone, with the same number of epochs.
    pub alone: Vec<f64>,
    /// The loss of the server model after each round, by whose rows it was measured on.
    pub curves: Vec<(String, Vec<f64>)>,
}

/// The number that tells good models from bad ones.
#[derive(Debug, Clone, Copy)]
pub enum Measure {
    /// Root of the mean squared error, in the target's unit.
    Rmse,
    /// Share of right labels.
    Accuracy,
}

impl Measure {
    /// As it stands in the last line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::Accuracy => "accuracy",
        }
    }

    /// Whether a federated model with this ratio to the central one is good enough.
    pub fn accepts(self, ratio: f64) -> bool {
        match self {
            Self::Rmse => ratio <= 1.01,
            Self::Accuracy => ratio >= 0.98,
        }
    }

    fn of(self, metrics: &Metrics) -> Result<f64> {
        let value = match self {
            Self::Rmse => metrics.rmse,
            Self::Accuracy => metrics.accuracy,
        };
        value.with_context(|| format!("the model has no {}", self.name()))
    }
}

/// Compares the server models `models`, the initial one first.
pub fn compare(task: Task, parts: &Parts, models: &[Vec<i32>]) -> Result<Comparison> {
    let spec = task.spec()?;
    let read = |path: &Path| Dataset::read(path, &Reading::default(), &spec.task.schema, None);
    let clients = parts
        .clients
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let (central, held_out) = (read(&parts.central)?, read(&parts.held_out)?);

    let alone = |rows: &Dataset| -> Result<Vec<i32>> {
        let mut models = simulate(&spec, std::slice::from_ref(rows), &Hyper::default())?;
        models.pop().context("no rounds")
    };
    let (measure, central_method, central_model) = match &central.targets {
        Some(Targets::Real(targets)) => {
            let weights = oracle::least_squares(&central.features, targets)?;
            (
                Measure::Rmse,
                "least squares",
                quantise(&weights.to_vec(), spec.task.format)?,
            )
        }
        _ => (Measure::Accuracy, "same training", alone(&central)?),
    };
    let score = |model: &[i32]| measure.of(&evaluate(&spec.task, model, &held_out)?);

    let losses = |rows: &Dataset| -> Result<Vec<f64>> {
        models
            .iter()
            .map(|model| Ok(evaluate(&spec.task, model, rows)?.loss))
            .collect()
    };
    let mut curves = vec![("held out".to_owned(), losses(&held_out)?)];
    for (number, client) in (1..).zip(&clients) {
        curves.push((format!("client {number}"), losses(client)?));
    }
    ensure!(models.len() > 1, "the federation had no rounds");
    Ok(Comparison {
        rows: held_out.rows(),
        rounds: models.len() - 1,
        measure,
        federated: score(&models[models.len() - 1])?,
        central_method,
        central: score(&central_model)?,
        alone: clients
            .iter()
            .map(|rows| score(&alone(rows)?))
            .collect::<Result<_>>()?,
        curves,
    })
}
