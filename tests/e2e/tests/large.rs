//! A model of many chunks: revealed in parts, resumed in between, verified, and uploaded as the
//! start of another federation.

use std::{fmt::Write, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{CLIENTS, Cli, Node, OWNER, Trainer, open};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// 70,100 weights of 32 bits: two parts, 18 chunks.
const FEATURES: usize = 700;
const CLASSES: usize = 100;
const ROWS: usize = 200;

#[tokio::test]
async fn a_large_model_travels_in_parts() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(&folder.path().join("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let spec = folder.path().join("large.toml");
    fs::write(&spec, federation_toml()?)?;
    let federation = open(&cli, &spec).await?;
    let number = federation.to_string();
    let data = [write_rows(&folder, 0)?, write_rows(&folder, 1)?];
    let train = |client: usize| {
        let state = folder.path().join(format!("state-{client}"));
        let (key, data) = (CLIENTS[client], &data[client]);
        Trainer::start(&cli, federation, key, data, &state, &["--epochs", "1"])
    };

    let (first, second) = (train(0)?, train(1)?);
    wait_for_a_part(&node, federation).await?;
    first.kill().await?;
    for trainer in [train(0)?, second] {
        let summary = trainer.finish().await?;
        assert_eq!(summary["end"], "finished", "{summary}");
    }
    for round in 1..=2 {
        let view = node.rpc("federation_round", json!([0, round])).await?;
        assert_eq!(view["record"]["accepted"], 2, "round {round}: {view}");
    }
    let verdict = cli.run(&["verify", &number]).await?;
    let said = String::from_utf8_lossy(&verdict.stderr);
    assert!(verdict.status.success(), "{said}");

    let model = folder.path().join("model.json").display().to_string();
    cli.json(&["model", "get", &number, "--out", &model])
        .await?;
    let spec = spec.display().to_string();
    let created = cli
        .json(&[
            "federation",
            "create",
            "--spec",
            &spec,
            "--initial-model",
            &model,
            "--key",
            OWNER,
        ])
        .await?;
    let next = node
        .rpc("federation_get", json!([created["federation"]]))
        .await?;
    let trained = node.rpc("federation_get", json!([0])).await?;
    assert_eq!(next["model_root"], trained["model_root"]);
    assert_eq!(next["phase"]["name"], "waiting");
    Ok(())
}

/// Waits until the chain has a part, but not yet all, of the first client's update.
async fn wait_for_a_part(node: &Node, federation: u32) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let view = node.rpc("federation_get", json!([federation])).await?;
        let clients = view["clients"].as_array().context("no clients")?;
        let received = |client: &Value| client["received"].as_u64().unwrap_or(0);
        if clients.iter().any(|client| received(client) > 0) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "no part came: {view}");
        sleep(Duration::from_millis(50)).await;
    }
}

fn federation_toml() -> Result<String> {
    let mut text = String::from(
        r#"name = "large"
membership = "invited"
clients_min = 2
clients_max = 2
rounds_max = 2
sample_count_max = 1000
bond = "1 UNIT"
join_deposit = "1 UNIT"
reward = "0"

[windows]
commit_blocks = 60
settle_blocks = 1
reveal_blocks = 60

[task]
model = "softmax"
initial = { seeded = 7 }

[task.schema]
features = [
"#,
    );
    for feature in 0..FEATURES {
        writeln!(
            text,
            "{{ name = \"f{feature}\", offset = \"0\", scale = \"1\" }},"
        )?;
    }
    let labels: Vec<String> = (0..CLASSES).map(|class| format!("\"{class}\"")).collect();
    let labels = labels.join(", ");
    writeln!(
        text,
        "]\ntarget = {{ classes = {{ name = \"class\", labels = [{labels}] }} }}"
    )?;
    Ok(text)
}

/// Made-up rows: a row's class says which features are one.
fn write_rows(folder: &TempDir, client: usize) -> Result<PathBuf> {
    let path = folder.path().join(format!("rows-{client}.csv"));
    let names: Vec<String> = (0..FEATURES).map(|feature| format!("f{feature}")).collect();
    let mut text = format!("{},class\n", names.join(","));
    for row in 0..ROWS {
        let class = (row + client) % CLASSES;
        for feature in 0..FEATURES {
            let value = u8::from((feature + row / CLASSES) % CLASSES == class);
            write!(text, "{value},")?;
        }
        writeln!(text, "{class}")?;
    }
    fs::write(&path, text)?;
    Ok(path)
}
