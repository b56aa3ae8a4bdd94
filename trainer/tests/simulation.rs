//! Federated models are as good as central ones, over many random splits of real data.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use fedchain_fl::{FederationSpec, Schema};
use fedchain_learn::{
    Hyper,
    data::{Dataset, Reading, Targets},
    evaluate,
    simulate::simulate,
};
use fedchain_test_support::{Task, oracle};

const SPLITS: u64 = 20;

fn read(path: &Path, schema: &Schema) -> Dataset {
    Dataset::read(path, &Reading::default(), schema, None).unwrap()
}

/// The median over the splits of `ratio`, which gets the clients' rows, all of them, and the rows
/// held out.
fn median_ratio(
    task: Task,
    ratio: impl Fn(&FederationSpec<String>, &[Dataset], &Dataset, &Dataset) -> f64,
) -> f64 {
    let spec = task.spec().unwrap();
    let schema = &spec.task.schema;
    let mut ratios: Vec<f64> = (0..SPLITS)
        .map(|seed| {
            let folder = tempfile::tempdir().unwrap();
            let parts = task.split(folder.path(), seed, 2).unwrap();
            let clients: Vec<Dataset> = parts.clients.iter().map(|p| read(p, schema)).collect();
            ratio(
                &spec,
                &clients,
                &read(&parts.central, schema),
                &read(&parts.held_out, schema),
            )
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (worst, best) = (ratios[ratios.len() - 1], ratios[0]);
    let median = (ratios[ratios.len() / 2 - 1] + ratios[ratios.len() / 2]) / 2.0;
    println!("{task:?}: ratio {median:.4} (median of {SPLITS}; {best:.4} to {worst:.4})");
    median
}

#[test]
fn a_federated_regression_is_as_good_as_least_squares_on_all_rows() {
    let median = median_ratio(Task::Diabetes, |spec, clients, central, held_out| {
        let models = simulate(spec, clients, &Hyper::default()).unwrap();
        let federated = evaluate(&spec.task, &models[models.len() - 1], held_out).unwrap();
        let real = |data: &Dataset| match &data.targets {
            Some(Targets::Real(targets)) => targets.clone(),
            _ => panic!("a regression has real targets"),
        };
        let weights = oracle::least_squares(&central.features, &real(central)).unwrap();
        let least_squares = oracle::rmse(&weights, &held_out.features, &real(held_out)).unwrap();
        federated.loss.sqrt() / least_squares
    });
    assert!(median <= 1.01, "{median}");
}

#[test]
fn a_federated_classification_is_as_good_as_a_central_one() {
    let median = median_ratio(Task::Wine, |spec, clients, central, held_out| {
        let accuracy = |clients: &[Dataset]| {
            let models = simulate(spec, clients, &Hyper::default()).unwrap();
            let metrics = evaluate(&spec.task, &models[models.len() - 1], held_out).unwrap();
            metrics.accuracy.unwrap()
        };
        accuracy(clients) / accuracy(std::slice::from_ref(central))
    });
    assert!(median >= 0.98, "{median}");
}
