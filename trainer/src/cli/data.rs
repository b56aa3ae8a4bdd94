//! `fedchain data`: check, partition.

mod partition;
mod report;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fedchain_fl::TaskSpec;
use fedchain_learn::data::{Table, check::check};

use super::{Common, federation::parse_spec, file_error, read_file, reading::TargetReadingArgs};
use crate::Error;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what a federation would make of your rows, and all that it would refuse.
    Check(Check),
    /// Deal rows to the clients of an experiment, as one file each.
    Partition(partition::Partition),
}

/// A number of rows in words.
fn rows(count: usize) -> String {
    match count {
        1 => "1 row".into(),
        count => format!("{count} rows"),
    }
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Rows: CSV, TSV or Parquet. They never leave this machine.
    file: PathBuf,
    /// A federation's file, in TOML.
    #[arg(long, conflicts_with = "federation")]
    spec: Option<PathBuf>,
    /// Number of a federation on the chain.
    #[arg(long)]
    federation: Option<u32>,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    reading: TargetReadingArgs,
}

impl Command {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::Check(check) => check.run(common).await,
            Self::Partition(partition) => partition.run(common),
        }
    }
}

impl Check {
    async fn run(self, common: &Common) -> Result<(), Error> {
        let (task, target) = (self.task(common).await?, self.target.as_deref());
        let named = task.schema.target.name().to_string();
        let reading = self.reading.reading();
        let table = Table::read_for(&self.file, &reading, target.unwrap_or(&named))?;
        let found = check(&table, &task, target);
        common.print(&found, || report::describe(&found));
        match found.refused.len() {
            0 => Ok(()),
            1 => Err(file_error(
                &self.file,
                "it would be refused, for one reason",
            )),
            reasons => {
                let reason = format!("it would be refused, for {reasons} reasons");
                Err(file_error(&self.file, reason))
            }
        }
    }

    async fn task(&self, common: &Common) -> Result<TaskSpec, Error> {
        match (&self.spec, self.federation) {
            (Some(file), _) => {
                let spec = parse_spec(&read_file(file)?);
                Ok(spec.map_err(|reason| file_error(file, reason))?.task)
            }
            (None, Some(federation)) => {
                let chain = common.connect().await?;
                let head = chain.best().await?;
                Ok(chain.federation(federation, head.hash).await?.spec.task)
            }
            (None, None) => Err(Error::Usage(
                "which federation? Add --spec FILE.toml, or --federation and its number".into(),
            )),
        }
    }
}
