//! `fedchain model`: get, evaluate, predict.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fedchain_fl::{TaskSpec, view::ModelView};
use fedchain_learn::{self as learn, Prediction, data::Dataset, files};
use serde_json::json;

use super::{Common, card::CardArgs, file_error, reading::ReadingArgs, write_file};
use crate::{Error, session::report};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fetch a server model.
    Get {
        #[command(flatten)]
        model: ModelArg,
        /// File for the model: .json, .npy (one flat array) or .safetensors.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Write a server model with its schema, for programs that predict without fedchain.
    Export {
        #[command(flatten)]
        model: ModelArg,
        /// ONNX: from raw features to predictions.
        #[arg(long, value_name = "FILE", required_unless_present_any = ["json", "safetensors"])]
        onnx: Option<PathBuf>,
        /// JSON: schema and layers, for readers.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Safetensors: the layers; the schema's transform is in their metadata.
        #[arg(long, value_name = "FILE")]
        safetensors: Option<PathBuf>,
    },
    /// Describe the newest server model in Markdown: data, clients, rounds, and how to check it.
    Card(CardArgs),
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
        #[command(flatten)]
        reading: ReadingArgs,
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
        #[command(flatten)]
        reading: ReadingArgs,
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
                        files::write(&file, &task, &model)?;
                        let done =
                            json!({ "round": model.round, "root": model.root, "file": file });
                        common.print(&done, || {
                            format!("{} in {}", head_line(&model), file.display())
                        });
                    }
                    None => common.print(&model, || weights(&task, &model)),
                }
            }
            Self::Export {
                model,
                onnx,
                json,
                safetensors,
            } => {
                let (task, model) = model.fetch(common).await?;
                if let Some(file) = &onnx {
                    let bytes = files::onnx::encode(&task, &model)?;
                    std::fs::write(file, bytes).map_err(|error| file_error(file, error))?;
                }
                if let Some(file) = &json {
                    let layers = files::layers_json(&task, &model)?;
                    write_file(file, &format!("{layers:#}\n"))?;
                }
                if let Some(file) = &safetensors {
                    files::write_safetensors(file, &task, &model)?;
                }
                let written: Vec<_> = [onnx, json, safetensors].into_iter().flatten().collect();
                let done = json!({ "round": model.round, "root": model.root, "files": written });
                common.print(&done, || {
                    let names: Vec<_> = written.iter().map(|it| it.display().to_string()).collect();
                    format!("{} in {}", head_line(&model), names.join(", "))
                });
            }
            Self::Card(card) => card.run(common).await?,
            Self::Evaluate {
                model,
                data,
                target,
                reading,
            } => {
                let reading = reading.reading();
                let (task, model) = model.fetch(common).await?;
                let data = Dataset::read(&data, &reading, &task.schema, target.as_deref())?;
                let metrics = learn::evaluate(&task, &model.values, &data)?;
                common.print(&json!({ "round": model.round, "metrics": metrics }), || {
                    format!("round {}: {}", model.round, report::describe(&metrics))
                });
            }
            Self::Predict {
                model,
                data,
                out,
                reading,
            } => {
                let (task, model) = model.fetch(common).await?;
                let data = Dataset::read_features(&data, &reading.reading(), &task.schema)?;
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
