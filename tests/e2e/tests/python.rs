//! Python beside the chain: scikit-learn trains for a federation, ONNX Runtime predicts with its model, and a
//! standard client of Substrate chains takes part in a round.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{CLIENTS, Cli, FIXED_SPLIT, Node, Task, Trainer, open};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

/// What pip installs: scikit-learn, NumPy (BSD-3-Clause), safetensors (Apache-2.0), ONNX Runtime (MIT).
const PACKAGES: [&str; 4] = [
    "scikit-learn==1.9.*",
    "numpy==2.*",
    "safetensors==0.*",
    "onnxruntime==1.*",
];
/// The standard client (Apache-2.0).
const CLIENT: [&str; 1] = ["substrate-interface==1.*"];
/// How long a round may take.
const ROUND_MAX: Duration = Duration::from_secs(60);
/// Prints label and probability of each row, from a model and a file whose last column is the target.
const PREDICT: &str = r#"
import csv, json, sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
labels = session.get_modelmeta().custom_metadata_map["labels"].split("\n")
rows = list(csv.reader(open(sys.argv[2], newline="")))[1:]
features = numpy.array([row[:-1] for row in rows], dtype=numpy.float64)
probabilities, places = session.run(["probabilities", "label"], {"features": features})
print(json.dumps([[labels[place], float(row[place])] for row, place in zip(probabilities, places)]))
"#;

/// An environment of packages in a folder.
struct Python(PathBuf);

impl Python {
    async fn install(folder: &Path, packages: &[&str]) -> Result<Self> {
        let folder = folder.join("python").display().to_string();
        said(Command::new("python3").args(["-m", "venv", &folder])).await?;
        let python = Self(Path::new(&folder).join("bin/python"));
        let pip = ["-m", "pip", "install", "--quiet"];
        said(python.command().args(pip).args(packages)).await?;
        Ok(python)
    }

    fn command(&self) -> Command {
        Command::new(&self.0)
    }
}

/// What a program printed, if it succeeded.
async fn said(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {complaint}");
    Ok(String::from_utf8(output.stdout)?)
}

/// A node with the wine federation of one round, which both clients have joined.
async fn scene(folder: &TempDir) -> Result<(Node, Cli, PathBuf)> {
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let spec = folder.path().join("wine.toml");
    let toml = Task::Wine.toml();
    fs::write(&spec, toml.replace("rounds_max = 6", "rounds_max = 1"))?;
    open(&cli, &spec).await?;
    Ok((node, cli, spec))
}

/// An example among the documents.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/examples")
        .join(name)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "installs packages from PyPI"]
async fn scikit_learn_trains_and_onnx_runtime_predicts() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let python = Python::install(folder.path(), &PACKAGES).await?;
    let (_node, cli, spec) = scene(&folder).await?;
    let parts = Task::Wine.split(&folder.path().join("rows"), FIXED_SPLIT, CLIENTS.len())?;
    let held_out = text(&parts.held_out)?;
    let accuracy = async || -> Result<f64> {
        let measured = ["model", "evaluate", "0", "--data", held_out];
        let found = cli.json(&measured).await?;
        found["metrics"]["accuracy"].as_f64().context("no accuracy")
    };
    let before = accuracy().await?;

    let base = folder.path().join("server.npy");
    let base = text(&base)?;
    cli.json(&["model", "get", "0", "--out", base]).await?;
    let example = example("sklearn_client.py");
    let mut submitted = Vec::new();
    // Both formats.
    for ((client, rows), update) in CLIENTS
        .iter()
        .zip(&parts.clients)
        .zip(["update.npy", "update.safetensors"])
    {
        let update = folder.path().join(update);
        let mut train = python.command();
        train.arg(&example).arg(rows).arg("quality").arg(&update);
        train.arg("--spec").arg(&spec).args(["--base", base]);
        said(&mut train).await?;
        let state = folder.path().join(client.trim_start_matches('/'));
        let words = ["submit", "0", "--key", client, "--samples", "533"];
        let files = ["--weights", text(&update)?, "--state-dir", text(&state)?];
        submitted.push(Trainer::run(&cli, &[&words[..], &files].concat())?);
    }
    for submitted in submitted {
        let summary = submitted.finish().await?;
        assert_eq!(summary["adopted"], 1, "{summary}");
    }
    let after = accuracy().await?;
    // Grades 5 and 6 are four wines of five.
    assert!(after > 0.4 && after > before, "{before} -> {after}");

    let onnx = folder.path().join("model.onnx");
    cli.json(&["model", "export", "0", "--onnx", text(&onnx)?])
        .await?;
    let script = folder.path().join("predict.py");
    fs::write(&script, PREDICT)?;
    let theirs = said(python.command().args([&script, &onnx, &parts.held_out])).await?;
    let theirs: Vec<(String, f64)> = serde_json::from_str(&theirs)?;
    let ours = cli
        .json(&["model", "predict", "0", "--data", held_out])
        .await?;
    let ours = ours.as_array().context("no predictions")?;
    assert_eq!((ours.len(), theirs.len()), (533, 533));
    for (ours, (label, probability)) in ours.iter().zip(&theirs) {
        assert_eq!(&ours["label"], &Value::from(label.as_str()));
        let ours = ours["probability"].as_f64().context("no probability")?;
        assert!((ours - probability).abs() < 1e-9, "{ours} {probability}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "installs packages from PyPI"]
async fn a_standard_client_takes_part() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let python = Python::install(folder.path(), &CLIENT).await?;
    let (node, _cli, _spec) = scene(&folder).await?;
    let mut clients = Vec::new();
    for client in CLIENTS {
        let mut command = python.command();
        command.arg(example("commit.py"));
        command.args([node.url().as_str(), "0", client, "533"]);
        let pipes = command.stdin(Stdio::null()).stderr(Stdio::piped());
        clients.push(pipes.kill_on_drop(true).spawn()?);
    }
    for client in clients {
        let output = client.wait_with_output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{complaint}");
    }
    let deadline = Instant::now() + ROUND_MAX;
    loop {
        let round = node.rpc("federation_round", json!([0, 1])).await?;
        if round["record"].is_object() {
            let record = &round["record"];
            ensure!(
                record["outcome"] == "adopted" && record["accepted"] == 2,
                "{record}"
            );
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the round is open: {round}");
        sleep(Duration::from_millis(500)).await;
    }
}
