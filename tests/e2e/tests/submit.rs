//! An opaque federation, whose clients train with other tools and submit files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fedchain_test_support::{CLIENTS, Cli, Node, Task, Trainer, open};
use serde_json::{Value, json};
use tempfile::TempDir;

const WEIGHTS: usize = 6;
/// The clients' weights, and their mean; all are exact in 16 fractional bits.
const UPDATES: [[f64; WEIGHTS]; 2] = [
    [1.0, -2.0, 0.5, 0.0, 4.0, -0.25],
    [3.0, 2.0, -0.5, 0.0, -4.0, 0.75],
];
const MEAN: [f64; WEIGHTS] = [2.0, 0.0, 0.0, 0.0, 0.0, 0.25];
const NAMES: [&str; 2] = ["update.npy", "update.safetensors"];

struct Scene {
    node: Node,
    cli: Cli,
    federation: u32,
    folder: TempDir,
}

impl Scene {
    /// A node with an opaque federation of two rounds that both clients have joined.
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let node = Node::start(&folder.path().join("node.log"), &[]).await?;
        let cli = Cli::new(node.url())?;
        let spec = folder.path().join("federation.toml");
        let opaque = format!("model = {{ opaque = {{ param_count = {WEIGHTS} }} }}");
        let toml = Task::Diabetes.toml();
        let toml = toml.replace("rounds_max = 6", "rounds_max = 2");
        fs::write(&spec, toml.replace("model = \"linear\"", &opaque))?;
        let federation = open(&cli, &spec).await?;
        Ok(Self {
            node,
            cli,
            federation,
            folder,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The words of a client's `fedchain submit`.
    fn words(&self, client: usize, options: &[&str]) -> Vec<String> {
        let weights = self.path(NAMES[client]).display().to_string();
        let state = self.path(&format!("state-{client}")).display().to_string();
        let number = self.federation.to_string();
        let words = [
            "submit",
            &number,
            "--key",
            CLIENTS[client],
            "--weights",
            &weights,
            "--samples",
            "100",
            "--state-dir",
            &state,
        ];
        words
            .iter()
            .chain(options)
            .map(ToString::to_string)
            .collect()
    }

    fn submit(&self, client: usize, options: &[&str]) -> Result<Trainer> {
        let words = self.words(client, options);
        Trainer::run(
            &self.cli,
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    /// Runs a client's `fedchain submit` to its end: its exit code, and what it said.
    async fn outcome(&self, client: usize, options: &[&str]) -> Result<(Option<i32>, String)> {
        let words = self.words(client, options);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let output = self.cli.run(&words).await?;
        let said = [&output.stdout[..], &output.stderr].concat();
        Ok((output.status.code(), String::from_utf8(said)?))
    }

    /// Fetches the server model into a file.
    async fn fetch(&self, file: &Path) -> Result<()> {
        let (number, file) = (self.federation.to_string(), file.display().to_string());
        let get = ["model", "get", &number, "--out", &file];
        self.cli.json(&get).await.map(|_| ())
    }

    async fn view(&self) -> Result<Value> {
        let parameters = json!([self.federation]);
        self.node.rpc("federation_get", parameters).await
    }
}

/// The weights at the end of a file of either format.
fn weights(file: &Path) -> Result<Vec<f64>> {
    let bytes = fs::read(file)?;
    let start = bytes.len().checked_sub(8 * WEIGHTS).context("too short")?;
    let weights = bytes[start..].chunks_exact(8);
    weights
        .map(|weight| Ok(f64::from_le_bytes(weight.try_into()?)))
        .collect()
}

/// Puts other weights at the end of a file of either format.
fn replace_weights(file: &Path, weights: &[f64]) -> Result<()> {
    let mut bytes = fs::read(file)?;
    bytes.truncate(
        bytes
            .len()
            .checked_sub(8 * weights.len())
            .context("too short")?,
    );
    bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
    Ok(fs::write(file, bytes)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_of_other_tools_take_part_and_come_back_equal() -> Result<()> {
    let scene = Scene::new().await?;
    for (name, update) in NAMES.iter().zip(&UPDATES) {
        let file = scene.path(name);
        scene.fetch(&file).await?;
        assert_eq!(weights(&file)?, [0.0; WEIGHTS], "{name}");
        replace_weights(&file, update)?;
    }

    let (code, said) = scene.outcome(0, &["--dry-run"]).await?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("6 weights from -131072 to 262144"), "{said}");
    let clients = scene.view().await?["clients"].clone();
    let committed = |client: &Value| client["committed"] == true;
    let clients = clients.as_array().context("no clients")?;
    assert_eq!((clients.len(), clients.iter().any(committed)), (2, false));

    // Killed between commit and reveal: the same command goes on.
    let mut killed = scene.submit(0, &["--round", "1"])?;
    killed.wait_for("commit").await?;
    killed.kill().await?;
    let submitted = [scene.submit(1, &[])?, scene.submit(0, &["--round", "1"])?];
    for submitted in submitted {
        let summary = submitted.finish().await?;
        assert_eq!(
            (&summary["end"], &summary["revealed"], &summary["adopted"]),
            (&json!("submitted"), &json!(1), &json!(1)),
            "{summary}"
        );
    }
    for name in ["mean.npy", "mean.safetensors"] {
        let file = scene.path(name);
        scene.fetch(&file).await?;
        assert_eq!(weights(&file)?, MEAN, "{name}");
    }
    let json = scene.path("mean.json");
    scene.fetch(&json).await?;
    let model: Value = serde_json::from_slice(&fs::read(json)?)?;
    assert_eq!(model["values"], json!([131_072, 0, 0, 0, 0, 16_384]));

    let (code, said) = scene.outcome(0, &["--round", "1"]).await?;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("round 1 of federation"), "{said}");
    let verdict = scene
        .cli
        .run(&["verify", &scene.federation.to_string()])
        .await?;
    let said = String::from_utf8_lossy(&verdict.stderr);
    assert!(verdict.status.success(), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_models_are_refused() -> Result<()> {
    let scene = Scene::new().await?;
    let file = scene.path(NAMES[0]);
    scene.fetch(&file).await?;
    replace_weights(&file, &[0.0, 0.0, f64::NAN, 0.0, 0.0, 0.0])?;
    let (code, said) = scene.outcome(0, &[]).await?;
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("weight 2 is not finite"), "{said}");

    fs::write(scene.path(NAMES[1]), fs::read(&file)?)?;
    let (code, said) = scene.outcome(1, &[]).await?;
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("not safetensors"), "{said}");
    let view = scene.view().await?;
    assert_eq!(view["clients"][0]["committed"], false, "{view}");
    assert_eq!(view["clients"][1]["committed"], false, "{view}");
    Ok(())
}
