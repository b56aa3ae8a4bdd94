//! `fedchain train`.

use std::path::PathBuf;

use clap::Args;

use super::{
    Common, KeyArg, TipArg, dry,
    hyper::HyperArgs,
    noise::NoiseArgs,
    output::{self, Output},
    progress::Progress,
    reading::TargetReadingArgs,
    signals,
};
use crate::{
    Error,
    serve::client,
    session::{self, Job, Source, report::Event},
    store,
};

#[derive(Debug, Args)]
pub(super) struct Train {
    /// Number of the federation.
    // Not with --server: what is required but conflicts with what is there may be missing.
    #[arg(required = true)]
    federation: Option<u32>,
    /// Take part without a chain, in the federation of the `fedchain serve` at this address.
    #[arg(long, value_name = "URL", conflicts_with_all = ["federation", "send_moments", "clip", "noise"])]
    server: Option<String>,
    #[command(flatten)]
    key: KeyArg,
    /// Your rows: CSV, TSV or Parquet. They never leave this machine.
    #[arg(long)]
    data: PathBuf,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    reading: TargetReadingArgs,
    #[command(flatten)]
    pub(super) hyper: HyperArgs,
    #[command(flatten)]
    pub(super) noise: NoiseArgs,
    /// Let the second moments of your rows (X'X and X'y) become public, where the federation's
    /// strategy is least_squares.
    #[arg(long)]
    send_moments: bool,
    #[command(flatten)]
    tip: TipArg,
    /// Where openings of commitments are kept; without it, fedchain in the user's state directory.
    #[arg(long, env = "FEDCHAIN_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

impl Train {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let federation = match (self.server, self.federation) {
            (Some(_), _) if common.dry_run => {
                return Err(Error::Usage(
                    "--dry-run shows transactions: a server without a chain takes none".into(),
                ));
            }
            (Some(server), _) => {
                let job = client::Job {
                    server,
                    data: self.data,
                    target: self.target,
                    reading: self.reading.reading(),
                    hyper: self.hyper.hyper()?,
                    patience: client::ABSENCE_MAX,
                };
                return client::run(&job, &self.key.load()?, &tell(common))
                    .await
                    .map(|_| ());
            }
            (None, Some(federation)) => federation,
            (None, None) => {
                return Err(Error::Usage("which federation, or which --server?".into()));
            }
        };
        let job = Job {
            url: common.url.clone(),
            federation,
            source: Source::Rows {
                data: self.data,
                target: self.target,
                reading: self.reading.reading(),
                hyper: self.hyper.hyper()?,
                noise: self.noise.noise(),
                send_moments: self.send_moments,
            },
            tip_max: self.tip.tip_max,
            wait: common.wait,
            state_dir: match self.state_dir {
                Some(dir) => dir,
                None => store::default_dir()?,
            },
        };
        let key = self.key.load()?;
        common.warn_of(&self.key).await?;
        if common.dry_run {
            return dry::show_round(common, &job, &key).await;
        }
        let done = session::run(&job, &key, &tell(common), signals::stop()).await;
        done.map(|_| ())
    }
}

/// Prints events; in text, notes go to standard error, and parts of a reveal move a bar there.
pub(super) fn tell(common: &Common) -> impl Fn(&Event) {
    let progress = Progress::new(common.format, "parts revealed");
    move |event| match (common.format, event) {
        (Output::Text, Event::Part { done, parts, .. }) => progress.show(*done, *parts),
        (Output::Text, Event::Note { text }) => progress.aside(|| output::hint(text)),
        (Output::Text, Event::Reveal { .. }) => {
            progress.hide();
            common.print(event, || event.to_string());
        }
        _ => progress.aside(|| common.print(event, || event.to_string())),
    }
}
