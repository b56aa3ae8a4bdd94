//! Time of each rule alone: native, in the node's Wasm engine, and Flower's, on the same updates.

use anyhow::{Context, Result, ensure};
use fedchain_bench::{
    table::{REPEATS, absent, middle, ms, row},
    task::{WIDE, task},
};
use fedchain_bench_wasm::{Answer, Job, Work, update};
use fedchain_fl::{Strategy, limits::DISTANCE_CLIENTS_MAX};
use std::time::Duration;

use super::{
    engine::Engine,
    flower::{Flower, Worker},
};

/// Clients, weights, and the only rule if not all are measured.
const SHAPES: [(u32, u32, Option<&str>); 4] = [
    (20, 100_000, None),
    (100, 7_850, None),
    (1_000, 650, None),
    (100, 10_000, Some("krum")),
];

/// All rules, against `bad` bad clients. Names as in peers/strategies.py.
const fn rules(clients: u32, bad: u32) -> [(&'static str, Strategy); 7] {
    let keep = clients - bad;
    [
        ("fed_avg", Strategy::FedAvg),
        ("median", Strategy::Median),
        ("trimmed_mean", Strategy::TrimmedMean { trim: bad }),
        ("krum", Strategy::Krum { f: bad }),
        ("multi_krum", Strategy::MultiKrum { f: bad, keep }),
        ("bulyan", Strategy::Bulyan { f: bad }),
        (GEOMETRIC_MEDIAN, Strategy::GeometricMedian),
    ]
}

/// Flower has no such rule.
const GEOMETRIC_MEDIAN: &str = "geometric_median";

/// Measures all shapes and rules.
pub fn run() -> Result<()> {
    let engine = Engine::new()?;
    let flower = Flower::provide()
        .inspect_err(|error| println!("# without Flower: {error:#}"))
        .ok();
    for (clients, params, only) in SHAPES {
        let updates: Vec<_> = (0..clients).map(|client| update(client, params)).collect();
        let mut worker = flower
            .as_ref()
            .map(|flower| flower.start(&updates))
            .transpose()?;
        // A tenth of the clients may be bad.
        let bad = clients / 10;
        for (name, strategy) in rules(clients, bad) {
            let too_many = strategy.needs_distances() && clients > DISTANCE_CLIENTS_MAX;
            if too_many || only.is_some_and(|only| only != name) {
                continue;
            }
            let job = Job {
                task: task(params, WIDE, strategy)?,
                clients,
            };
            let worker = worker.as_mut().filter(|_| name != GEOMETRIC_MEDIAN);
            measure(&engine, worker, name, &job, bad)?;
        }
    }
    Ok(())
}

/// Runs the three in turn, so that a slow moment of the machine meets all of them.
fn measure(
    engine: &Engine,
    mut flower: Option<&mut Worker>,
    name: &str,
    job: &Job,
    bad: u32,
) -> Result<()> {
    let (mut native, mut wasm, mut python) = (Vec::new(), Vec::new(), Vec::new());
    let mut model = Vec::new();
    let work = Work::Aggregate(Box::new(job.clone()));
    for _ in 0..REPEATS {
        let outcome = job.run().context("too few clients for the rule")?;
        let same = engine.run(&work)?.context("too few clients for the rule")?;
        ensure!(outcome.answer == same.answer, "Wasm gives another model");
        native.push(Duration::from_nanos(outcome.nanoseconds));
        wasm.push(Duration::from_nanos(same.nanoseconds));
        if let Answer::Model(made) = outcome.answer {
            model = made;
        }
        if let Some(flower) = &mut flower {
            python.push(flower.run(name, bad)?);
        }
    }

    let name = format!("{name}_{}x{}", job.clients, model.len());
    let wasm = ms(middle(wasm));
    row(&format!("{name}_native"), ms(middle(native)), "ms");
    row(&format!("{name}_wasm"), wasm, "ms");
    let Some(flower) = flower else {
        absent(&format!("{name}_flower"), "ms");
        return Ok(());
    };
    let python = ms(middle(python));
    row(&format!("{name}_flower"), python, "ms");
    row(&format!("{name}_wasm_to_flower"), wasm / python, "ratio");
    let difference = difference(job, &model, &flower.model()?);
    row(&format!("{name}_difference"), difference, "units");
    ensure!(
        difference <= tolerance(job.clients),
        "{name}: Flower's model differs by more than rounding explains"
    );
    Ok(())
}

/// The largest difference of two models, in units of ours.
///
/// Bulyan meets values that are equally near to the median. We take the smaller one, Flower either:
/// the 0.2 % of weights that differ most are left out.
fn difference(job: &Job, ours: &[i32], theirs: &[f64]) -> f64 {
    let pairs = ours.iter().zip(theirs);
    let mut differences: Vec<_> = pairs
        .map(|(ours, theirs)| (f64::from(*ours) - theirs).abs())
        .collect();
    differences.sort_by(|a, b| b.total_cmp(a));
    let ties = match job.task.strategy {
        Strategy::Bulyan { .. } => differences.len() / 500,
        _ => 0,
    };
    differences.get(ties).copied().unwrap_or(f64::INFINITY)
}

/// Half a unit of our rounding, and the error of a sum of so many 16-bit values in 32-bit floats.
fn tolerance(clients: u32) -> f64 {
    0.5 + f64::from(clients) * f64::from(1 << 15) * f64::from(f32::EPSILON)
}
