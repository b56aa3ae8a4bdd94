//! `fedchain serve`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use fedchain_fl::{TaskSpec, view::ModelView};
use fedchain_learn::files;

use super::{
    Common, check_place, file_error,
    output::{self, Output},
    signals::interrupted,
    spec,
};
use crate::{
    Error,
    chain::AccountId,
    keys,
    serve::{
        self,
        report::Event,
        server::{self, Job, Served},
    },
};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Spec in TOML, as for `fedchain federation create`; amounts and windows mean nothing here.
    #[arg(long)]
    spec: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9955")]
    listen: SocketAddr,
    /// Account that may take part; once for each. Without any, anyone may where the spec says
    /// membership = "open".
    #[arg(long = "client", value_name = "ACCOUNT", value_parser = keys::parse_account)]
    clients: Vec<AccountId>,
    /// Seconds after which a round closes without the clients that are missing.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    round_timeout: u32,
    /// Rounds, in place of the spec's.
    #[arg(long)]
    rounds: Option<u32>,
    /// File for the last server model, .json, .npy or .safetensors.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        // A file that cannot be written is better known before the first round than after the last.
        check_place(self.out.as_ref(), &[&self.spec])?;
        if let Some(file) = &self.out {
            files::check(file)?;
        }
        let impossible = |error: fedchain_fl::Error| file_error(&self.spec, error);
        let mut spec = spec::read(&self.spec)?;
        spec.rounds_max = self.rounds.unwrap_or(spec.rounds_max);
        serve::check(&spec).map_err(impossible)?;
        let job = Job {
            spec,
            listen: self.listen,
            clients: self.clients,
            round_timeout: Duration::from_secs(self.round_timeout.into()),
        };
        let served = server::run(&job, &|event| tell(common, event), interrupted()?).await?;
        match &self.out {
            Some(file) => write(file, &job.spec.task, served),
            None => Ok(()),
        }
    }
}

/// Writes a model as `fedchain model get --out` does; its federation has no number.
fn write(file: &Path, task: &TaskSpec, served: Served) -> Result<(), Error> {
    let model = ModelView {
        federation: 0,
        round: served.rounds,
        root: served.model_root,
        frac_bits: task.format.frac_bits,
        param_count: u32::try_from(served.model.len()).unwrap_or(u32::MAX),
        offset: 0,
        values: served.model,
    };
    Ok(files::write(file, task, &model)?)
}

/// Prints an event; notes go to standard error in text.
fn tell(common: &Common, event: &Event) {
    match (common.format, event) {
        (Output::Text, Event::Note { text }) => output::hint(text),
        _ => common.print(event, || event.to_string()),
    }
}
