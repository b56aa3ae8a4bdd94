//! `fedchain train`.

use std::path::PathBuf;

use clap::Args;

use super::{
    Common, KeyArg,
    output::{self, Output},
};
use crate::{
    Error,
    learn::Hyper,
    session::{self, Job, report::Event},
    store,
};

#[derive(Debug, Args)]
pub(super) struct Train {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
    /// Your rows: a CSV file with a header. It never leaves this machine.
    #[arg(long)]
    data: PathBuf,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    hyper: HyperArgs,
    /// Let the second moments of your rows (X'X and X'y) become public, where the federation's
    /// strategy is least_squares.
    #[arg(long)]
    send_moments: bool,
    /// Where openings of commitments are kept [default: the user's state directory/fedchain].
    #[arg(long, env = "FEDCHAIN_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

/// How to train.
#[derive(Debug, Args)]
struct HyperArgs {
    /// Passes over your rows in each round.
    #[arg(long, default_value_t = Hyper::default().epochs, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Rows per step.
    #[arg(long, default_value_t = Hyper::default().batch_size as u32, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Step size in round 1; later rounds take smaller steps.
    #[arg(long, default_value_t = Hyper::default().learning_rate, value_parser = positive)]
    learning_rate: f64,
    /// Seed of the order in which rows are visited.
    #[arg(long, default_value_t = Hyper::default().seed)]
    seed: u64,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("a number above zero is expected".into()),
    }
}

impl From<HyperArgs> for Hyper {
    fn from(args: HyperArgs) -> Self {
        Self {
            epochs: args.epochs,
            batch_size: args.batch_size as usize,
            learning_rate: args.learning_rate,
            seed: args.seed,
        }
    }
}

impl Train {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let job = Job {
            url: common.url.clone(),
            federation: self.federation,
            data: self.data,
            target: self.target,
            hyper: self.hyper.into(),
            send_moments: self.send_moments,
            wait: common.wait,
            state_dir: match self.state_dir {
                Some(dir) => dir,
                None => store::default_dir()?,
            },
        };
        session::run(&job, &self.key.load()?, &|event| tell(common, event))
            .await
            .map(|_| ())
    }
}

/// Prints an event; notes go to standard error in text.
fn tell(common: &Common, event: &Event) {
    match (common.format, event) {
        (Output::Text, Event::Note { text }) => output::hint(text),
        _ => common.print(event, || event.to_string()),
    }
}
