//! `fedchain model`: get, evaluate, predict.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use fedchain_fl::{TaskSpec, view::ModelView};
use fedchain_learn::{
    self as learn, Prediction,
    data::{Dataset, Table},
    files,
};
use serde::Serialize;
use serde_json::json;

use super::{
    Common,
    card::CardArgs,
    check_place, output, quality,
    reading::{ReadingArgs, TargetReadingArgs},
    write_file,
};
use crate::{Error, rows, words::count};

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
    /// Measure a server model on your rows: errors, or each class and what is taken for what.
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
        reading: TargetReadingArgs,
    },
    /// Predict the target of your rows.
    Predict {
        #[command(flatten)]
        model: ModelArg,
        /// Your rows; the target column may be missing.
        #[arg(long)]
        data: PathBuf,
        /// A column that names rows, to stand beside the predictions. Repeatable.
        #[arg(long = "id", value_name = "COLUMN")]
        ids: Vec<String>,
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
                if let Some(file) = &out {
                    files::check(file)?;
                }
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
                for file in [&onnx, &json, &safetensors] {
                    check_place(file.as_ref(), &[])?;
                }
                let (task, model) = model.fetch(common).await?;
                if let Some(file) = &onnx {
                    let bytes = files::onnx::encode(&task, &model)?;
                    write_file(file, bytes)?;
                }
                if let Some(file) = &json {
                    let layers = files::layers_json(&task, &model)?;
                    write_file(file, format!("{layers:#}\n"))?;
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
                let target = target.as_deref();
                let data = rows::read(&data, &reading, &task.schema, target, |note| {
                    output::hint(&note);
                })?;
                let quality = learn::assess(&task, &model.values, &data)?;
                common.print(&json!({ "round": model.round, "metrics": quality }), || {
                    format!("round {}: {}", model.round, quality::describe(&quality))
                });
            }
            Self::Predict {
                model,
                data,
                ids,
                out,
                reading,
            } => {
                check_place(out.as_ref(), &[&data])?;
                let (task, model) = model.fetch(common).await?;
                let rows = Table::read(&data, &reading.reading())?;
                let names = names_of(&rows, &ids, &task)?;
                let data = Dataset::features_from_table(&rows, &task.schema)?;
                let predictions = learn::predict(&task, &model.values, &data.features)?;
                let predictions = named(&names, &predictions);
                let table = || csv_table(&task, &names, &predictions);
                match out {
                    Some(file) => {
                        write_file(&file, format!("{}\n", table()))?;
                        let done = json!({ "rows": predictions.len(), "file": file });
                        common.print(&done, || {
                            let made = count(predictions.len(), "prediction");
                            format!("{made} in {}", file.display())
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
        "model of federation {} after round {}: {}, root {:?}",
        model.federation,
        model.round,
        count(model.param_count, "weight"),
        model.root
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

/// A column that names rows: its header and its cells.
type Names<'a> = (&'a str, Vec<&'a str>);

/// The columns `ids`, which must not be called as the predictions are.
fn names_of<'a>(
    rows: &'a Table,
    ids: &'a [String],
    task: &TaskSpec,
) -> Result<Vec<Names<'a>>, Error> {
    let target = task.schema.target.name().to_string();
    let names = ids.iter().map(|id| {
        if *id == target {
            return Err(Error::Usage(format!(
                "the predictions stand under \"{id}\", so that --id cannot: take another column"
            )));
        }
        let cells = rows.column(rows.place(id)?).map(|cell| cell.text);
        Ok((id.as_str(), cells.collect()))
    });
    names.collect()
}

/// A prediction with the names of its row.
#[derive(Serialize)]
struct Named<'a> {
    /// Cells by their header.
    #[serde(rename = "id", skip_serializing_if = "BTreeMap::is_empty")]
    names: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    prediction: &'a Prediction,
}

fn named<'a>(names: &[Names<'a>], predictions: &'a [Prediction]) -> Vec<Named<'a>> {
    let of_row = |row: usize| {
        let cells = names
            .iter()
            .filter_map(|(header, cells)| Some((*header, *cells.get(row)?)));
        cells.collect()
    };
    let rows = predictions.iter().enumerate();
    rows.map(|(row, prediction)| Named {
        names: of_row(row),
        prediction,
    })
    .collect()
}

/// Predictions with a header line, beside the names of their rows; without a final newline.
fn csv_table(task: &TaskSpec, names: &[Names<'_>], predictions: &[Named<'_>]) -> String {
    let headers = names.iter().map(|(header, _)| *header);
    let mut header: Vec<String> = headers.clone().map(quote).collect();
    header.push(quote(&task.schema.target.name().to_string()));
    if let Some(Prediction::Class { .. }) = predictions.first().map(|row| row.prediction) {
        header.push("probability".into());
    }
    let line = |row: &Named<'_>| {
        let names = headers.clone().map(|header| row.names.get(header).copied());
        let mut cells: Vec<String> = names.map(|name| quote(name.unwrap_or_default())).collect();
        match row.prediction {
            Prediction::Real { value } => cells.push(value.to_string()),
            Prediction::Class { label, probability } => {
                cells.extend([quote(label), probability.to_string()]);
            }
        }
        cells.join(",")
    };
    let lines = std::iter::once(header.join(",")).chain(predictions.iter().map(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// A CSV cell, in quotes where it needs them.
fn quote(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{Column, Decimal, Target, view::PhaseView};

    use super::*;
    use crate::session::decide::tests::view;

    #[test]
    fn predictions_stand_beside_the_names_of_their_rows() {
        let mut task = view(PhaseView::Waiting).spec.task;
        let column = Column::number("y".parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
        task.schema.target = Target::Real(column);
        let predictions = [1.5, -2.0].map(|value| Prediction::Real { value });
        let names = [("id", vec!["a,b", "c"]), ("site", vec!["x", ""])];
        let rows = named(&names, &predictions);
        let expected = "id,site,y\n\"a,b\",x,1.5\nc,,-2";
        assert_eq!(csv_table(&task, &names, &rows), expected);
        let json = serde_json::to_value(&rows[0]).unwrap();
        assert_eq!(
            json,
            json!({ "id": { "id": "a,b", "site": "x" }, "value": 1.5 })
        );
        let rows = named(&[], &predictions);
        assert_eq!(csv_table(&task, &[], &rows), "y\n1.5\n-2");
        assert_eq!(
            serde_json::to_value(&rows[1]).unwrap(),
            json!({ "value": -2.0 })
        );
    }
}
