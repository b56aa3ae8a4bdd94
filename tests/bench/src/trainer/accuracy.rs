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
/// Rounds after which accuracy is measured.
const ROUNDS: [u32; 2] = [10, 100];
/// Most of a digit's rows are at a few clients.
const ALPHA: f64 = 0.1;

/// Prints accuracies of the last model on the rows held out, in per cent.
pub fn run(digits: &Digits) -> Result<()> {
    let mut spec = digits::spec()?;
    (spec.clients_min, spec.clients_max) = (1, CLIENTS as u32);
    spec.rounds_max = ROUNDS.into_iter().max().unwrap_or_default();
    let central = accuracies(&spec, std::slice::from_ref(&digits.training), digits)?;
    for (rounds, central) in ROUNDS.iter().zip(central) {
        row(&name("central", *rounds), central, "%");
    }
    let partitions = [
        ("iid", Partition::Iid),
        ("dirichlet_0.1", Partition::Dirichlet { alpha: ALPHA }),
    ];
    for (kind, partition) in partitions {
        let mut sums = [0.0; ROUNDS.len()];
        for seed in 0..PARTITIONS {
            let parts = partition.deal(&labels(&digits.training)?, CLIENTS, seed)?;
            let clients: Vec<Dataset> = parts
                .iter()
                .map(|rows| digits.training.select(rows))
                .collect();
            let found = accuracies(&spec, &clients, digits)?;
            for (sum, found) in sums.iter_mut().zip(found) {
                *sum += found;
            }
        }
        for ((rounds, sum), central) in ROUNDS.iter().zip(sums).zip(central) {
            let (name, mean) = (name(kind, *rounds), sum / PARTITIONS as f64);
            row(&name, mean, "%");
            row(&format!("{name}_lost"), central - mean, "points");
        }
    }
    Ok(())
}

fn name(kind: &str, rounds: u32) -> String {
    format!("accuracy_digits_{kind}_{rounds}_rounds")
}

/// Accuracies after each of [`ROUNDS`].
fn accuracies(
    spec: &FederationSpec<u128>,
    clients: &[Dataset],
    digits: &Digits,
) -> Result<[f64; ROUNDS.len()]> {
    let models = simulate(spec, clients, &Hyper::default())?;
    let mut found = [0.0; ROUNDS.len()];
    for (found, round) in found.iter_mut().zip(ROUNDS) {
        // The first model is that of round 0.
        let model = models.get(round as usize).context("a model per round")?;
        let metrics = learn::evaluate(&spec.task, model, &digits.held_out)?;
        *found = metrics.accuracy.context("a classification")? * 100.0;
    }
    Ok(found)
}

fn labels(data: &Dataset) -> Result<Vec<usize>> {
    match &data.targets {
        Some(Targets::Classes(classes)) => Ok(classes.to_vec()),
        _ => anyhow::bail!("digits are classes"),
    }
}
