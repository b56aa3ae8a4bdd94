//! Time to score a model on holdout rows and to judge a round, natively and in the node's Wasm engine.

use std::time::Duration;

use anyhow::{Result, anyhow};
use fedchain_bench::{
    table::{ms, row},
    task::{WIDE, task as opaque},
};
use fedchain_bench_wasm::{Job, Judge, Score, Work, update};
use fedchain_fl::{
    Column, Decimal, ModelSpec, Name, Schema, Strategy, Target, TaskSpec,
    score::{Holdout, operations},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::engine::Engine;

/// Rows of the holdout.
const ROWS: u32 = 200;
/// Holdouts that a round is judged on.
const HOLDOUTS: u32 = 3;
/// Clients whose contributions are measured.
const CLIENTS: u32 = 20;
/// Classes of both tasks.
const CLASSES: usize = 10;

/// Measures softmax 64-10 and MLP 784-128-10: one score, one score with the largest numbers there are,
/// a round's judgement, and that with each client's contribution.
pub fn run() -> Result<()> {
    let engine = Engine::new()?;
    let hidden = vec![128]
        .try_into()
        .map_err(|_| anyhow!("too many layers"))?;
    let cases = [
        ("softmax_64_10", ModelSpec::Softmax, 64),
        ("mlp_784_128_10", ModelSpec::Mlp { hidden }, 784),
    ];
    for (name, model, features) in cases {
        let task = task(model, features)?;
        let model = update(0, task.param_count()?);
        let mut random = StdRng::seed_from_u64(features as u64);
        let mut values = Vec::new();
        for _ in 0..ROWS {
            values.extend((0..features).map(|_| random.random_range(-(3 << 16)..=3 << 16)));
            values.push(random.random_range(0..CLASSES as i32));
        }
        let holdout = Holdout::new(&task, values)?.encode();
        let row_of_largest = || (0..features).map(|_| i32::MAX).chain([0]);
        let largest: Vec<i32> = (0..ROWS).flat_map(|_| row_of_largest()).collect();
        let largest = Holdout::new(&task, largest)?.encode();
        let extreme = vec![i32::MIN; model.len()];
        for (kind, model, holdout) in [
            ("score", model, holdout.clone()),
            ("score_largest", extreme, largest),
        ] {
            let score = Score {
                task: task.clone(),
                model,
                holdout,
            };
            let wasm = measure(
                &engine,
                &format!("{kind}_{name}"),
                Work::Score(Box::new(score)),
            )?;
            let each = wasm.as_secs_f64() * 1e9 / operations(&task, ROWS) as f64;
            row(&format!("{kind}_{name}_operation"), each, "ns");
        }
        for (kind, contributes) in [("gate", false), ("leave_one_out", true)] {
            let judge = Judge {
                job: Job {
                    task: task.clone(),
                    clients: CLIENTS,
                },
                holdout: holdout.clone(),
                holdouts: HOLDOUTS,
                contributes,
            };
            measure(
                &engine,
                &format!("{kind}_{name}"),
                Work::Judge(Box::new(judge)),
            )?;
        }
    }
    Ok(())
}

/// Prints the medians of work, and answers that in Wasm.
fn measure(engine: &Engine, name: &str, work: Work) -> Result<Duration> {
    let (native, wasm) = engine.medians(&work)?;
    row(&format!("{name}_native"), ms(native), "ms");
    row(&format!("{name}_wasm"), ms(wasm), "ms");
    Ok(wasm)
}

/// A classification task of so many features.
fn task(model: ModelSpec, features: usize) -> Result<TaskSpec> {
    let name = |text: String| text.parse::<Name>().map_err(|_| anyhow!("the name {text}"));
    let column = |index: usize| {
        Ok(Column::number(
            name(format!("x{index}"))?,
            Decimal::whole(0),
            Decimal::whole(1),
        ))
    };
    let columns = (0..features).map(column).collect::<Result<Vec<_>>>()?;
    let labels = (0..CLASSES).map(|class| name(class.to_string()));
    let labels = labels.collect::<Result<Vec<_>>>()?;
    let schema = Schema {
        features: columns
            .try_into()
            .map_err(|_| anyhow!("too many features"))?,
        target: Target::Classes {
            name: name("y".into())?,
            labels: labels.try_into().map_err(|_| anyhow!("too many classes"))?,
        },
    };
    Ok(TaskSpec {
        model,
        schema,
        ..opaque(1, WIDE, Strategy::FedAvg)?
    })
}
