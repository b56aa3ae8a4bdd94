//! Accuracy of federated averaging on the optical digits, beside training on all rows at one place.

use anyhow::{Context, Result};
use fedchain_bench::table::row;
use fedchain_fl::FederationSpec;
use fedchain_learn::{
    self as learn, Hyper,
    data::{Dataset, Targets, partition::Partition},
    simulate::simulate,
};

use super::Digits;
use crate::robustness::digits;

const CLIENTS: usize = 10;
/// Partitions of each kind, dealt from the seeds 0, 1 and so on; a figure is their mean.
const PARTITIONS: u64 = 5;
/// Most of a digit's rows are at a few clients.
const ALPHA: f64 = 0.1;

/// Prints accuracies of the last model on the rows held out, in per cent.
pub fn run(digits: &Digits) -> Result<()> {
    let mut spec = digits::spec()?;
    (spec.clients_min, spec.clients_max) = (1, CLIENTS as u32);
    let central = accuracy(&spec, std::slice::from_ref(&digits.training), digits)?;
    row("accuracy_digits_central", central, "%");
    let partitions = [
        ("iid", Partition::Iid),
        ("dirichlet_0.1", Partition::Dirichlet { alpha: ALPHA }),
    ];
    for (name, partition) in partitions {
        let mut sum = 0.0;
        for seed in 0..PARTITIONS {
            let parts = partition.deal(&labels(&digits.training)?, CLIENTS, seed)?;
            let clients: Vec<Dataset> = parts
                .iter()
                .map(|rows| digits.training.select(rows))
                .collect();
            sum += accuracy(&spec, &clients, digits)?;
        }
        let mean = sum / PARTITIONS as f64;
        row(&format!("accuracy_digits_{name}"), mean, "%");
        row(
            &format!("accuracy_digits_{name}_lost"),
            central - mean,
            "points",
        );
    }
    Ok(())
}

fn accuracy(spec: &FederationSpec<u128>, clients: &[Dataset], digits: &Digits) -> Result<f64> {
    let models = simulate(spec, clients, &Hyper::default())?;
    let model = models.last().context("a federation has a first model")?;
    let metrics = learn::evaluate(&spec.task, model, &digits.held_out)?;
    Ok(metrics.accuracy.context("a classification")? * 100.0)
}

fn labels(data: &Dataset) -> Result<Vec<usize>> {
    match &data.targets {
        Some(Targets::Classes(classes)) => Ok(classes.to_vec()),
        _ => anyhow::bail!("digits are classes"),
    }
}
