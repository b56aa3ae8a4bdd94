//! `fedchain submit`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, KeyArg, TipArg, dry, signals, train::tell};
use crate::{
    Error,
    session::{self, Job, Source},
    store,
};

#[derive(Debug, Args)]
pub(super) struct Submit {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
    /// Weights that were trained elsewhere: .safetensors, .npy (one flat array) or .json.
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Rows that they were trained on.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// The round that they are for; without it, the first that takes them.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    round: Option<u32>,
    #[command(flatten)]
    tip: TipArg,
    /// Where openings of commitments are kept; without it, fedchain in the user's state directory.
    #[arg(long, env = "FEDCHAIN_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

impl Submit {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let job = Job {
            url: common.url.clone(),
            federation: self.federation,
            source: Source::Weights {
                file: self.weights,
                sample_count: self.samples,
                round: self.round,
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
