//! The federation of both runs: softmax regression on the optical digits.

use std::path::PathBuf;

use anyhow::Result;
use fedchain_learn::data::Targets;
use tempfile::TempDir;

use crate::robustness::digits;

/// Its clients: development keys.
pub const CLIENTS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
/// Its rounds.
pub const ROUNDS: u32 = 6;

/// Files of a federation.
pub struct Task {
    /// Passes over the rows in each round.
    pub epochs: u32,
    /// The federation's file.
    pub spec: PathBuf,
    /// One CSV file per client.
    pub data: Vec<PathBuf>,
    /// All rows in one.
    pub all: PathBuf,
    /// Where all of it lies.
    pub folder: TempDir,
}

impl Task {
    /// Deals the digits to the clients, in turn.
    pub fn new(epochs: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let spec = folder.path().join("federation.toml");
        std::fs::write(&spec, toml())?;
        let digits = digits::load()?;
        let Some(Targets::Classes(classes)) = &digits.targets else {
            anyhow::bail!("digits are classes");
        };
        let write = |name: &str, first: usize, step: usize| -> Result<PathBuf> {
            let file = folder.path().join(format!("{name}.csv"));
            let mut writer = csv::Writer::from_path(&file)?;
            let header = (0..digits.features.ncols()).map(|pixel| format!("p{pixel}"));
            writer.write_record(header.chain(["digit".into()]))?;
            let rows = digits.features.rows().into_iter().zip(classes);
            for (row, class) in rows.skip(first).step_by(step) {
                let cells = row.iter().map(f64::to_string);
                writer.write_record(cells.chain([class.to_string()]))?;
            }
            writer.flush()?;
            Ok(file)
        };
        let clients = CLIENTS.iter().enumerate();
        let data =
            clients.map(|(place, client)| write(client.trim_matches('/'), place, CLIENTS.len()));
        let (data, all) = (data.collect::<Result<_>>()?, write("all", 0, 1)?);
        Ok(Self {
            epochs,
            spec,
            data,
            all,
            folder,
        })
    }
}

fn toml() -> String {
    let column = |pixel| format!(r#"{{ name = "p{pixel}", offset = "0", scale = "1" }}"#);
    let features: Vec<String> = (0..64).map(column).collect();
    let labels: Vec<String> = (0..10).map(|digit| format!("\"{digit}\"")).collect();
    let clients = CLIENTS.len();
    format!(
        r#"name = "digits"
membership = "invited"
clients_min = {clients}
clients_max = {clients}
rounds_max = {ROUNDS}
sample_count_max = 10000
bond = "1 UNIT"
join_deposit = "1 UNIT"
reward = "0.5 UNIT"

[windows]
commit_blocks = 600
settle_blocks = 1
reveal_blocks = 60

[task]
model = "softmax"
initial = "zeros"
strategy = "fed_avg"

[task.schema]
features = [{}]
target = {{ classes = {{ name = "digit", labels = [{}] }} }}
"#,
        features.join(", "),
        labels.join(", ")
    )
}
