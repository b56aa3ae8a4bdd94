//! `fedchain evaluate` and `fedchain federation gate`.

use std::path::PathBuf;

use clap::Args;
use fedchain_fl::{gate::GateRecord, view::Outcome};

use super::{
    Common, KeyArg, TipArg, dry,
    output::{self, Output},
    reading::TargetReadingArgs,
    signals,
};
use crate::{
    Error,
    amount::Amount,
    chain::AccountId,
    evaluate::{
        self, Job, Plan,
        report::{Event, decimal, word},
    },
    store,
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
    /// Rows that nobody trains on: CSV, TSV or Parquet. They become public, round by round.
    #[arg(long)]
    data: PathBuf,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    reading: TargetReadingArgs,
    /// Agree that the rows become public, without being asked.
    #[arg(long)]
    publish_rows: bool,
    #[command(flatten)]
    tip: TipArg,
    /// Where openings of commitments are kept; without it, fedchain in the user's state directory.
    #[arg(long, env = "FEDCHAIN_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

impl Evaluate {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let job = Job {
            url: common.url.clone(),
            federation: self.federation,
            data: self.data,
            target: self.target,
            reading: self.reading.reading(),
            tip_max: self.tip.tip_max,
            state_dir: match self.state_dir {
                Some(dir) => dir,
                None => store::default_dir()?,
            },
        };
        let key = self.key.load()?;
        common.warn_of(&self.key).await?;
        if common.dry_run {
            let chain = common.connect().await?;
            let (calls, bond) = evaluate::rehearse(&chain, job.federation).await?;
            return dry::show(common, &chain, &key, &calls, &[("bond", bond)]).await;
        }
        let agree = |plan: &Plan| {
            output::hint(&describe(plan));
            Ok(self.publish_rows || output::ask("publish them?", "--publish-rows")?)
        };
        evaluate::run(
            &job,
            &key,
            agree,
            &|event| tell(common, event),
            signals::stop(),
        )
        .await
        .map(|_| ())
    }
}

fn describe(plan: &Plan) -> String {
    let judged = u128::try_from(plan.holdouts)
        .unwrap_or(u128::MAX)
        .min(plan.rounds.into());
    format!(
        "the rows of a holdout become PUBLIC for ever when it is revealed\n  \
         holdouts      {} of {}, one per round; {} left over\n  \
         rounds        {judged} of {} to come judged\n  \
         bond          {} per round (returned at the reveal, burned without one), two rounds at a time; {} in all",
        plan.holdouts,
        count(plan.rows, "row"),
        count(plan.rest, "row"),
        plan.rounds,
        plan.bond,
        Amount(plan.bond.0.saturating_mul(judged))
    )
}

/// Prints an event; notes go to standard error in text.
fn tell(common: &Common, event: &Event) {
    match (common.format, event) {
        (Output::Text, Event::Note { text }) => output::hint(text),
        _ => common.print(event, || event.to_string()),
    }
}

#[derive(Debug, Args)]
pub(super) struct Gate {
    /// Number of the federation.
    federation: u32,
    /// Number of the round.
    round: u32,
}

impl Gate {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let chain = common.connect().await?;
        let at = chain.best().await?.hash;
        let view = chain.federation(self.federation, at).await?;
        let closed = chain.round(self.federation, self.round, at).await?;
        let outcome = closed.and_then(|round| round.record).map(|r| r.outcome);
        let judged = chain.gate(self.federation, self.round, at).await?;
        let (Some(outcome), Some(record)) = (outcome, judged) else {
            evaluate::gate_of(&view)?;
            return Err(unjudged(self.federation, self.round, outcome));
        };
        common.print(&record, || {
            format!(
                "round {}: {}\n{}",
                self.round,
                word(outcome),
                table(&record)
            )
        });
        Ok(())
    }
}

/// Why there is no judgement of a round in a federation that has a gate.
fn unjudged(federation: u32, round: u32, outcome: Option<Outcome>) -> Error {
    let why = match outcome {
        None => "it has not closed",
        Some(Outcome::Ungated) => {
            "its model was adopted all the same, for too few holdouts were there"
        }
        Some(Outcome::Skipped | Outcome::Crowded) => "it was skipped and made no model",
        Some(Outcome::Adopted | Outcome::Worse) => "the node has no record of it",
    };
    Error::Impossible(format!(
        "round {round} of federation {federation} was not judged: {why}"
    ))
}

/// Losses by evaluator, then contributions by client.
fn table(record: &GateRecord<AccountId>) -> String {
    let mut lines = vec![format!(
        "  {:<48} {:>17} {:>17}",
        "evaluator", "loss before", "loss after"
    )];
    lines.extend(record.scores.iter().map(|score| {
        format!(
            "  {:<48} {:>17} {:>17}",
            score.evaluator.to_string(),
            decimal(score.base),
            decimal(score.new)
        )
    }));
    lines.push(format!(
        "  {:<48} {:>35}",
        "median change",
        decimal(record.change)
    ));
    if !record.contributions.is_empty() {
        lines.push(format!("  {:<48} {:>35}", "client", "contribution"));
    }
    lines.extend(record.contributions.iter().map(|found| {
        format!(
            "  {:<48} {:>35}",
            found.client.to_string(),
            decimal(found.gain)
        )
    }));
    lines.join("\n")
}
