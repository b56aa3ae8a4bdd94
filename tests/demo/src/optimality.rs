//! A certified regression: three clients, one round, a proven optimum; then the same without one of them.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use fedchain_fl::{FederationSpec, LeastSquares, view::CertificateView};
use fedchain_learn::{
    data::{Dataset, Reading, Targets},
    moments::quantise as quantise_row,
};
use fedchain_test_support::{Cli, FIXED_SPLIT, Node, OWNER, Task, open_for, oracle};
use fedchain_trainer::{chain::AccountId, keys};
use futures::future::try_join_all;
use ndarray::{Array1, Array2, Axis, concatenate};
use serde_json::json;

use crate::federation::{text, train};

const CLIENTS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
/// The client that is left out in the second round.
const LEFT_OUT: usize = 2;
/// Pause between two looks at the chain.
const LOOK: Duration = Duration::from_millis(100);
const SPEC: &str = include_str!("../../../docs/examples/ridge.toml");

/// How close a certified model is to the optimum, by certificate and in truth.
struct Gap {
    epsilon: f64,
    distance: f64,
    size: f64,
}

/// Runs it all; answers the last line.
pub async fn demonstrate(out: &Path) -> Result<String> {
    let spec: FederationSpec<String> = toml::from_str(SPEC)?;
    let terms = spec.task.strategy.terms().context("no terms")?;
    let parts = Task::Diabetes.split(out, FIXED_SPLIT, CLIENTS.len())?;
    let read = |path| Dataset::read(path, &Reading::default(), &spec.task.schema, None);
    let data: Vec<Dataset> = parts
        .clients
        .iter()
        .map(|p| read(p))
        .collect::<Result<_, _>>()?;

    let node = Node::start(&out.join("node.log"), &[]).await?;
    println!("node: mining, {}", node.url());
    let cli = Cli::new(node.url())?;
    let file = out.join("federation.toml");
    fs::write(&file, SPEC)?;
    let federation = open_for(&cli, &file, &CLIENTS).await?;
    println!("federation {federation}: {} joined", CLIENTS.join(", "));
    let trainers = CLIENTS
        .into_iter()
        .zip(&parts.clients)
        .map(|(client, rows)| train(&cli, federation, client, rows, out, &["--send-moments"]));
    let (_, gaps) = tokio::try_join!(try_join_all(trainers), async {
        let all: Vec<&Dataset> = data.iter().collect();
        let first = certificate(&node, &cli, federation, 1, &all, terms).await?;
        let account = keys::account(&keys::load(CLIENTS[LEFT_OUT])?).to_string();
        // The next round is the owner's.
        while node.rpc("federation_get", json!([federation])).await?["round"] != 2 {
            tokio::time::sleep(LOOK).await;
        }
        let number = federation.to_string();
        let without = ["certify", &number, "--without", &account, "--key", OWNER];
        println!("\n{}", text(&cli, &without).await?);
        let rest: Vec<&Dataset> = data.iter().take(LEFT_OUT).collect();
        let second = certificate(&node, &cli, federation, 2, &rest, terms).await?;
        Ok([first, second])
    })?;
    println!(
        "\n{}",
        text(&cli, &["verify", &federation.to_string()]).await?
    );
    for gap in &gaps {
        ensure!(gap.distance <= gap.epsilon, "the optimum is further away");
        ensure!(gap.epsilon <= 1e-4 * (1.0 + gap.size), "the bound is loose");
    }
    let most = |of: fn(&Gap) -> f64| gaps.iter().map(of).fold(0.0, f64::max);
    Ok(format!(
        "demo: ok epsilon={:.3e} |w-w_star|={:.3e}",
        most(|gap| gap.epsilon),
        most(|gap| gap.distance)
    ))
}

/// Waits for the certificate of a round, prints it and compares it with the optimum of these rows.
async fn certificate(
    node: &Node,
    cli: &Cli,
    federation: u32,
    round: u32,
    data: &[&Dataset],
    terms: LeastSquares,
) -> Result<Gap> {
    let view: CertificateView<AccountId> = loop {
        let found = node
            .rpc("federation_certificate", json!([federation, round]))
            .await?;
        if !found.is_null() {
            break serde_json::from_value(found)?;
        }
        tokio::time::sleep(LOOK).await;
    };
    let (number, round) = (federation.to_string(), round.to_string());
    let shown = ["certificate", &number, "--round", &round];
    println!("\n{}", text(cli, &shown).await?);

    let unit = 0.5f64.powi(32);
    let found: Array1<f64> = view.weights.iter().map(|w| *w as f64 * unit).collect();
    let penalty: f64 = terms.penalty.to_string().parse()?;
    let (features, targets) = joined(data)?;
    let raw = oracle::ridge(&features, &targets, penalty)?;
    let round = |value: &f64| {
        let units = quantise_row(*value).context("a value is out of range")?;
        Ok(f64::from(units) / 4_096.0)
    };
    let rounded: Vec<f64> = features.iter().map(round).collect::<Result<_>>()?;
    let features = Array2::from_shape_vec(features.dim(), rounded)?;
    let targets = targets.iter().map(round).collect::<Result<_>>()?;
    let exact = oracle::ridge(
        &features,
        &targets,
        terms.penalty_units().unwrap_or(0) as f64 / 2f64.powi(24),
    )?;
    let gap = Gap {
        epsilon: view.bound.epsilon as f64 * unit,
        distance: norm(&(&found - &exact)),
        size: norm(&exact),
    };
    println!(
        "distance to the optimum of the rows as sent: {:.3e}",
        gap.distance
    );
    println!(
        "distance to the optimum of the raw rows: {:.3e}",
        norm(&(found - raw))
    );
    Ok(gap)
}

/// All rows in one.
fn joined(data: &[&Dataset]) -> Result<(Array2<f64>, Array1<f64>)> {
    let features: Vec<_> = data.iter().map(|part| part.features.view()).collect();
    let mut targets = vec![];
    for part in data {
        match &part.targets {
            Some(Targets::Real(values)) => targets.extend(values),
            _ => anyhow::bail!("no real targets"),
        }
    }
    Ok((concatenate(Axis(0), &features)?, Array1::from_vec(targets)))
}

fn norm(vector: &Array1<f64>) -> f64 {
    vector.dot(vector).sqrt()
}
