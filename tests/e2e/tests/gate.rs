//! A quality gate by the command line: a poisoned round is recorded and not adopted, its poisoner named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fedchain_test_support::{
    CLIENTS, Cli, FIXED_SPLIT, Node, OWNER, Task, Trainer, join, open_for,
};
use serde_json::json;

const EVALUATORS: [&str; 3] = ["//Dave", "//Eve", "//Ferdie"];
/// Rows of one holdout.
const ROWS: usize = 20;
const GATE: &str = r#"
[gate]
rows = 20
evaluators_max = 3
quorum = 3
tolerance = "0.01"
bond = "1 UNIT"
blocks = 30
contributions = "paid"
"#;
/// A bound that no update here meets: without one contributions are not paid.
const NORM: &str = "norm = { reject = { max = 9007199254740992 } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_round_is_not_adopted_and_names_the_poisoner() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let parts = Task::Diabetes.split(&folder.path().join("data"), FIXED_SPLIT, 2)?;
    let spec = folder.path().join("federation.toml");
    let toml = Task::Diabetes
        .toml()
        .replace("rounds_max = 6", "rounds_max = 2");
    fs::write(
        &spec,
        toml.replace("[task]\n", &format!("{GATE}\n[task]\n{NORM}\n")),
    )?;
    let federation = open_for(&cli, &spec, &[]).await?;
    let number = federation.to_string();

    let holdouts = holdouts(&parts.held_out)?;
    let evaluate = |place: usize, options: &[&str]| {
        let state = folder.path().join(format!("evaluator-{place}"));
        let key = EVALUATORS[place];
        Trainer::evaluate(&cli, federation, key, &holdouts[place], &state, options)
    };
    // Nothing is published without a seat, nor without consent.
    let refused = evaluate(0, &["--publish-rows"])?.finish().await;
    let error = refused.err().context("it judges without a seat")?;
    assert!(error.to_string().contains("federation appoint"), "{error}");
    for evaluator in EVALUATORS {
        let appoint = ["federation", "appoint", &number, evaluator, "--key", OWNER];
        cli.json(&[&appoint[..], &["--fund", "10 UNIT"]].concat())
            .await?;
    }
    let refused = evaluate(0, &[])?.finish().await;
    let error = refused
        .err()
        .context("rows were published without consent")?;
    assert!(error.to_string().contains("--publish-rows"), "{error}");

    let mut evaluators = Vec::new();
    for place in 0..EVALUATORS.len() {
        let mut evaluator = evaluate(place, &["--publish-rows"])?;
        assert_eq!(evaluator.wait_for("commit").await?["round"], 1);
        evaluators.push(evaluator);
    }
    let before = node.rpc("federation_get", json!([federation])).await?;
    join(&cli, &number, &CLIENTS).await?;
    let poisoned = folder.path().join("poisoned.csv");
    poison(&parts.clients[1], &poisoned)?;
    let train = |client: usize, data: &Path| {
        let state = folder.path().join(format!("client-{client}"));
        Trainer::start(&cli, federation, CLIENTS[client], data, &state, &[])
    };
    let mut honest = train(0, &parts.clients[0])?;
    let poisoner = train(1, &poisoned)?;
    let closed = honest.wait_for("aggregate").await?;
    assert_eq!(closed["outcome"], "worse", "{closed}");
    assert_eq!(closed["model_root"], before["model_root"]);

    let judgement = cli.json(&["federation", "gate", &number, "1"]).await?;
    assert!(judgement["change"].as_i64() > Some(0), "{judgement}");
    let mut gains = Vec::new();
    for client in CLIENTS {
        let status = cli.json(&["status", "--key", client]).await?;
        let address = &status["account"]["address"];
        let contributions = judgement["contributions"].as_array();
        let found = contributions
            .into_iter()
            .flatten()
            .find(|found| found["client"] == *address);
        gains.push(found.and_then(|found| found["gain"].as_i64()));
    }
    assert!(gains[0] > Some(0) && gains[1] < Some(0), "{gains:?}");

    for evaluator in &mut evaluators {
        let judged = evaluator.wait_for("judged").await?;
        assert_eq!(judged["judgement"], judgement);
    }
    drop(poisoner);
    drop(honest);
    cli.json(&["federation", "cancel", &number, "--key", OWNER])
        .await?;
    let verdict = cli.json(&["verify", &number]).await?;
    let first = &verdict["rounds"][0];
    assert_eq!(first["outcome"], "worse", "{verdict}");
    assert_eq!(first["judgement"], judgement, "{verdict}");
    Ok(())
}

/// Deals the rows that nobody trains on to the evaluators: a holdout for each of two rounds.
fn holdouts(held_out: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(held_out)?;
    let (header, rows) = text.split_once('\n').context("no rows")?;
    let rows: Vec<_> = rows.lines().collect();
    let files = rows.chunks_exact(2 * ROWS).zip(EVALUATORS);
    files
        .map(|(rows, evaluator)| {
            let file = held_out.with_file_name(format!("{}.csv", &evaluator[2..]));
            fs::write(&file, format!("{header}\n{}\n", rows.join("\n")))?;
            Ok(file)
        })
        .collect()
}

/// Mirrors the targets about their mean, and states each row five times, so that it weighs more.
fn poison(from: &Path, to: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(from)?;
    let mut writer = csv::Writer::from_path(to)?;
    writer.write_record(reader.headers()?)?;
    for row in reader.records() {
        let row = row?;
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        let target = cells.last_mut().context("an empty row")?;
        *target = (2.0 * 152.0 - target.parse::<f64>()?).to_string();
        for _ in 0..5 {
            writer.write_record(&cells)?;
        }
    }
    Ok(writer.flush()?)
}
