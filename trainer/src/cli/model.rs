//! `fedchain model`: get, evaluate, predict.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fedchain_fl::{TaskSpec, view::ModelView};
use serde_json::json;

use super::{Common, file_error, write_file};
use crate::{
    Error,
    data::Dataset,
    learn::{self, Prediction},
    session::report,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fetch a server model.
    Get {
        #[command(flatten)]
        model: ModelArg,
        /// File for the model, in JSON.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Measure a server model on your rows.
    Evaluate {
        #[command(flatten)]
        model: ModelArg,
        /// Your rows, with the target column.
        #[arg(long)]
        data: PathBuf,
        /// Header of the target column, where your file calls it otherwise than the federation.
        #[arg(long)]
        target: Option<String>,
    },
    /// Predict the target of your rows.
    Predict {
        #[command(flatten)]
        model: ModelArg,
        /// Your rows; the target column may be missing.
        #[arg(long)]
        data: PathBuf,
        /// File for the predictions, in CSV.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// Which server model.
#[derive(Debug, Args)]
pub(super) struct ModelArg {
    /// Number of the federation.
    federation: u32,
    /// The model after this round; 0 is the initial one. Without it, the newest.
    #[arg(long)]
    round: Option<u32>,
}

impl ModelArg {
    async fn fetch(&self, common: &Common) -> Result<(TaskSpec, ModelView), Error> {
        let chain = common.connect().await?;
        let head = chain.best().await?;
        let task = chain
            .federation(self.federation, head.hash)
            .await?
            .spec
            .task;
        let model = chain
            .model(self.federation, task.format, self.round, head.hash)
            .await?;
        Ok((task, model))
    }
}

impl Command {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::Get { model, out } => {
                let (task, model) = model.fetch(common).await?;
                match out {
                    Some(file) => {
                        let text = serde_json::to_string_pretty(&model)
                            .map_err(|error| file_error(&file, error))?;
                        write_file(&file, &text)?;
                        let done =
                            json!({ "round": model.round, "root": model.root, "file": file });
                        common.print(&done, || {
                            format!("{} in {}", head_line(&model), file.display())
                        });
                    }
                    None => common.print(&model, || weights(&task, &model)),
                }
            }
            Self::Evaluate {
                model,
                data,
                target,
            } => {
                let (task, model) = model.fetch(common).await?;
                let data = Dataset::read_csv(&data, &task.schema, target.as_deref())?;
                let metrics = learn::evaluate(&task, &model.values, &data)?;
                common.print(&json!({ "round": model.round, "metrics": metrics }), || {
                    format!("round {}: {}", model.round, report::describe(&metrics))
                });
            }
            Self::Predict { model, data, out } => {
                let (task, model) = model.fetch(common).await?;
                let data = Dataset::read_csv_features(&data, &task.schema)?;
                let predictions = learn::predict(&task, &model.values, &data.features)?;
                let table = || csv_table(&task, &predictions);
                match out {
                    Some(file) => {
                        write_file(&file, &format!("{}\n", table()))?;
                        let done = json!({ "rows": predictions.len(), "file": file });
                        common.print(&done, || {
                            format!("{} predictions in {}", predictions.len(), file.display())
                        });
                    }
                    None => common.print(&predictions, table),
                }
            }
        }
        Ok(())
    }
}

fn head_line(model: &ModelView) -> String {
    format!(
        "model of federation {} after round {}: {} weights, root {:?}",
        model.federation, model.round, model.param_count, model.root
    )
}

fn weights(task: &TaskSpec, model: &ModelView) -> String {
    let mut lines = vec![head_line(model)];
    lines.extend(
        learn::dequantise(&model.values, task.format)
            .iter()
            .map(f64::to_string),
    );
    lines.join("\n")
}

/// Predictions with a header line, without a final newline.
fn csv_table(task: &TaskSpec, predictions: &[Prediction]) -> String {
    let target = quote(&task.schema.target.name().to_string());
    let header = match predictions.first() {
        Some(Prediction::Class { .. }) => format!("{target},probability"),
        _ => target,
    };
    let line = |prediction: &Prediction| match prediction {
        Prediction::Real { value } => value.to_string(),
        Prediction::Class { label, probability } => format!("{},{probability}", quote(label)),
    };
    let lines: Vec<String> = std::iter::once(header)
        .chain(predictions.iter().map(line))
        .collect();
    lines.join("\n")
}

/// A CSV cell, in quotes where it needs them.
fn quote(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
