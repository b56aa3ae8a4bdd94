//! One regression, four ways: by the chain, by a plain server, simulated and certified it ends in what ordinary least
//! squares on all rows predicts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use fedchain_test_support::{CLIENTS, Cli, Node, Trainer, free_port, open, oracle};
use futures::future::try_join_all;
use ndarray::{Array1, Array2};
use serde_json::Value;

/// Rows of each half. The halves share what is known and differ in what it costs: the mean of both halves' optima is
/// the optimum of all rows then, and in no other case.
const HALF: u32 = 100;
/// By how much predictions may differ, in standard deviations of the target.
const TOLERANCE: f64 = 1e-3;
/// Exact training of the averaged federations; labels beside a bias leave it undetermined without a penalty.
const TRAINING: [&str; 4] = ["--method", "least-squares", "--l2", "1e-6"];

const SPEC: &str = r#"
name = "costs"
membership = "invited"
clients_min = 2
clients_max = 2
rounds_max = 2
sample_count_max = 1000
bond = "1 UNIT"
join_deposit = "1 UNIT"
reward = "0.5 UNIT"

[windows]
commit_blocks = 60
settle_blocks = 1
reveal_blocks = 30

[task]
model = "linear"
initial = "zeros"
strategy = "fed_avg"
format = { frac_bits = 20, width = "i32" }

[task.schema]
features = [
    { name = "age", offset = "40", scale = "14" },
    { name = "mass", offset = "30", scale = "6" },
    { name = "smoker", label = "no" },
    { name = "smoker", label = "yes" },
    { name = "region", label = "north" },
    { name = "region", label = "south" },
    { name = "region", label = "west" },
]
target = { real = { name = "costs", offset = "13000", scale = "12000" } }
"#;

/// Closer than this no certificate comes with numbers of 32 bits and a penalty that predictions do not feel.
const CERTIFIED: &str = r#"{ least_squares = { penalty = "0.0001", epsilon = "0.02" } }"#;

struct Row {
    age: f64,
    mass: f64,
    smokes: bool,
    region: usize,
    costs: f64,
}

impl Row {
    /// Row `number` of the first half or of the second.
    fn new(number: u32, is_first: bool) -> Self {
        // Multiples of odd numbers modulo a prime: spread, and the same everywhere.
        let spread = |odd: u32| f64::from((number + 1) * odd % 101) / 101.0;
        let (age, mass) = (18.0 + 46.0 * spread(37), 18.0 + 24.0 * spread(53));
        let (smokes, region) = (spread(29) < 0.2, (number % 3) as usize);
        let side = if is_first { 1.0 } else { -1.0 };
        let costs = -9_000.0
            + 260.0 * age
            + 320.0 * mass
            + if smokes { 24_000.0 } else { 0.0 }
            + [900.0, 0.0, -700.0][region]
            + side * 5_000.0 * (spread(71) - 0.4);
        Self {
            age,
            mass,
            smokes,
            region,
            costs,
        }
    }

    /// What the model sees, by the schema.
    fn features(&self) -> [f64; 7] {
        let one_of = |found: bool| f64::from(u8::from(found));
        [
            (self.age - 40.0) / 14.0,
            (self.mass - 30.0) / 6.0,
            one_of(!self.smokes),
            one_of(self.smokes),
            one_of(self.region == 0),
            one_of(self.region == 1),
            one_of(self.region == 2),
        ]
    }

    fn line(&self) -> String {
        let (smokes, region) = (
            if self.smokes { "yes" } else { "no" },
            ["north", "south", "west"][self.region],
        );
        format!(
            "{},{},{smokes},{region},{}\n",
            self.age, self.mass, self.costs
        )
    }
}

/// The rows of both halves, and what least squares predicts of each.
struct Problem {
    features: Array2<f64>,
    predicted: Array1<f64>,
}

impl Problem {
    /// Writes the halves' files.
    fn write(halves: &[PathBuf; 2]) -> Result<Self> {
        let mut all = vec![];
        for (file, is_first) in halves.iter().zip([true, false]) {
            let rows: Vec<Row> = (0..HALF).map(|number| Row::new(number, is_first)).collect();
            let lines: String = rows.iter().map(Row::line).collect();
            fs::write(file, format!("age,mass,smoker,region,costs\n{lines}"))?;
            all.extend(rows);
        }
        let features: Vec<f64> = all.iter().flat_map(Row::features).collect();
        let features = Array2::from_shape_vec((all.len(), 7), features)?;
        let targets: Array1<f64> = all
            .iter()
            .map(|row| (row.costs - 13_000.0) / 12_000.0)
            .collect();
        // Least squares in columns that determine it: one label of each kind follows from the others.
        let determined = features.select(ndarray::Axis(1), &[0, 1, 3, 5, 6]);
        let weights = oracle::least_squares(&determined, &targets)?;
        let predicted = predict(&determined, &weights);
        Ok(Self {
            features,
            predicted,
        })
    }

    /// Compares with a model that a command wrote.
    fn check(&self, name: &str, model: &Path) -> Result<()> {
        let model: Value = serde_json::from_str(&fs::read_to_string(model)?)?;
        let frac_bits = model["frac_bits"].as_i64().context("no format")? as i32;
        let values = model["values"].as_array().context("no values")?;
        let weights: Option<Array1<f64>> = values
            .iter()
            .map(|value| Some(value.as_f64()? * 0.5f64.powi(frac_bits)))
            .collect();
        let found = predict(&self.features, &weights.context("no number")?);
        let distance = (found - &self.predicted).mapv(f64::abs);
        let most = distance.into_iter().fold(0.0, f64::max);
        println!("{name}: {most:.6}");
        ensure!(most <= TOLERANCE, "{name}: {most} from least squares");
        Ok(())
    }
}

/// Of weights with the bias last.
fn predict(features: &Array2<f64>, weights: &Array1<f64>) -> Array1<f64> {
    let (bias, weights) = (weights[features.ncols()], weights.slice(ndarray::s![..-1]));
    features.dot(&weights) + bias
}

/// Trains a federation on chain to its end and keeps its model.
async fn by_chain(
    cli: &Cli,
    spec: &Path,
    halves: &[PathBuf],
    out: &Path,
    options: &[&str],
) -> Result<()> {
    let federation = open(cli, spec).await?;
    let state = out.with_extension("state");
    for trainer in Trainer::start_all(cli, federation, halves, &state, options)? {
        ensure!(trainer.finish().await?["end"] == "finished");
    }
    let out = out.display().to_string();
    let number = federation.to_string();
    cli.json(&["model", "get", &number, "--out", &out]).await?;
    Ok(())
}

async fn by_server(cli: &Cli, spec: &str, halves: &[PathBuf], out: &str) -> Result<()> {
    let listen = format!("127.0.0.1:{}", free_port()?);
    let address = async |key: &str| -> Result<String> {
        let status = cli.json(&["status", "--key", key]).await?;
        let address = status["account"]["address"].as_str();
        Ok(address.context("no account")?.to_owned())
    };
    let (bob, charlie) = (address(CLIENTS[0]).await?, address(CLIENTS[1]).await?);
    let serve = ["serve", "--spec", spec, "--listen", &listen, "--out", out];
    let clients = ["--client", &bob, "--client", &charlie];
    let mut server = cli.command(&[&serve[..], &clients].concat());
    let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    try_join_all(CLIENTS.iter().zip(halves).map(async |(key, half)| {
        let half = half.display().to_string();
        let train = ["train", "--server", &listen, "--key", key, "--data", &half];
        let ended = cli.run(&[&train[..], &TRAINING].concat()).await?;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        ensure!(ended.status.success(), "{said}");
        Ok(())
    }))
    .await?;
    ensure!(server.wait().await?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn four_ways_end_in_least_squares() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name);
    let text = |name: &str| place(name).display().to_string();
    let halves = [place("first.csv"), place("second.csv")];
    let problem = Problem::write(&halves)?;
    fs::write(place("averaged.toml"), SPEC)?;
    let certified = SPEC.replace("\"fed_avg\"", CERTIFIED);
    fs::write(
        place("certified.toml"),
        certified.replace("rounds_max = 2", "rounds_max = 1"),
    )?;

    let node = Node::start(&place("node.log"), &[]).await?;
    let cli = Cli::new(node.url())?;
    let (first, second) = (text("first.csv"), text("second.csv"));
    let (spec, simulated) = (text("averaged.toml"), text("simulated"));
    let rows = ["--spec", &spec, "--data", &first, "--data", &second];
    let simulate = [
        &["simulate"],
        &rows[..],
        &["--out-dir", &simulated],
        &TRAINING,
    ]
    .concat();
    let output = cli.run(&simulate).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    problem.check("simulated", &place("simulated/model.json"))?;

    by_server(&cli, &spec, &halves, &text("served.json")).await?;
    problem.check("served", &place("served.json"))?;

    let chained = place("chained.json");
    by_chain(&cli, &place("averaged.toml"), &halves, &chained, &TRAINING).await?;
    problem.check("by the chain", &chained)?;

    let proven = place("proven.json");
    let consent = ["--send-moments"];
    by_chain(&cli, &place("certified.toml"), &halves, &proven, &consent).await?;
    problem.check("certified", &proven)
}
