//! `fedchain model card`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use fedchain_learn as learn;
use serde_json::json;

use super::{Common, check_place, output, reading::TargetReadingArgs, write_file};
use crate::{
    Error,
    card::{Card, Moment, Round, Update},
    chain::{Chain, FederationView, Head},
    rows,
};

#[derive(Debug, Args)]
pub(super) struct CardArgs {
    /// Number of the federation.
    federation: u32,
    /// Rows, with the target column, to measure the newest model on.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    reading: TargetReadingArgs,
    /// What the model is for, in a sentence.
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// File for the card, in Markdown.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl CardArgs {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let rows: Vec<_> = self.data.iter().map(PathBuf::as_path).collect();
        check_place(self.out.as_ref(), &rows)?;
        let chain = common.connect().await?;
        let head = chain.best().await?;
        let view = chain.federation(self.federation, head.hash).await?;
        let measured = match &self.data {
            Some(data) => {
                let task = &view.spec.task;
                let (reading, target) = (self.reading.reading(), self.target.as_deref());
                let data = rows::read(data, &reading, &task.schema, target, |note| {
                    output::hint(&note);
                })?;
                let model = chain.model(self.federation, task.format, None, head.hash);
                Some(learn::evaluate(task, &model.await?.values, &data)?)
            }
            None => None,
        };
        let certificate = match view.spec.task.strategy.terms() {
            Some(_) => chain.certificate(self.federation, None, head.hash).await?,
            None => None,
        };
        let card = Card {
            rounds: rounds(&chain, &view, head).await?,
            genesis: chain.genesis(),
            created: Moment {
                block: view.created_at,
                time_ms: chain.block_record(view.created_at).await?.timestamp,
            },
            read: Moment {
                block: head.number,
                time_ms: chain.time_ms(head).await?,
            },
            purpose: self.purpose,
            certificate: certificate.map(|found| (found.bound.distance(), found.rows)),
            measured,
            view,
        };
        let text = card.markdown();
        match self.out {
            Some(file) => {
                write_file(&file, &text)?;
                let done = json!({ "federation": self.federation, "file": file });
                common.print(&done, || format!("the card is in {}", file.display()));
            }
            None => common.print(&json!({ "markdown": text }), || text.trim_end().to_owned()),
        }
        Ok(())
    }
}

/// All closed rounds, with the updates in their blocks.
async fn rounds(chain: &Chain, view: &FederationView, head: Head) -> Result<Vec<Round>, Error> {
    let mut rounds = Vec::new();
    for round in 1..=view.round {
        let found = chain.round(view.federation, round, head.hash).await?;
        let Some(record) = found.and_then(|found| found.record) else {
            continue;
        };
        let (mut updates, mut closed_ms) = (BTreeMap::new(), 0);
        for block in record.opened_at..=record.closed_at {
            let block = chain.block_record(block).await?;
            closed_ms = block.timestamp;
            for model in block.client_models {
                let is_of_round = model.federation == view.federation && model.round == round;
                if let (true, Some(sample_count)) = (is_of_round, model.sample_count) {
                    let update = Update {
                        client: model.client,
                        sample_count,
                        privacy: model.privacy,
                    };
                    updates.insert(model.client, update);
                }
            }
        }
        let judged = match view.spec.gate {
            Some(_) => chain.gate(view.federation, round, head.hash).await?,
            None => None,
        };
        rounds.push(Round {
            round,
            record,
            closed_ms,
            change: judged.map(|judged| judged.change),
            updates: updates.into_values().collect(),
        });
    }
    Ok(rounds)
}
