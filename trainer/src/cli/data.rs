//! `fedchain data`: check, partition.

mod partition;
mod report;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fedchain_fl::FederationSpec;
use fedchain_learn::data::{Table, check::check};

use super::{Common, file_error, reading::TargetReadingArgs, spec};
use crate::{Error, words::count};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what a federation would make of your rows, and all that it would refuse.
    Check(Check),
    /// Deal rows to the clients of an experiment, as one file each.
    Partition(partition::Partition),
}

/// A number of rows in words.
fn rows(number: usize) -> String {
    count(number, "row")
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
        let (spec, target) = (self.spec(common).await?, self.target.as_deref());
        let named = spec.task.schema.target.name().to_string();
        let reading = self.reading.reading();
        let table = Table::read_for(&self.file, &reading, target.unwrap_or(&named))?;
        let found = check(&table, &spec.task, target).counted_by(&spec);
        common.print(&found, || report::describe(&found));
        match found.refused.len() {
            0 => Ok(()),
            reasons => {
                let reasons = count(reasons, "reason");
                let refused = format!("it would be refused, for {reasons}");
                Err(file_error(&self.file, refused))
            }
        }
    }

    async fn spec(&self, common: &Common) -> Result<FederationSpec<u128>, Error> {
        match (&self.spec, self.federation) {
            (Some(file), _) => spec::read(file),
            (None, Some(federation)) => {
                let chain = common.connect().await?;
                let head = chain.best().await?;
                Ok(chain.federation(federation, head.hash).await?.spec)
            }
            (None, None) => Err(Error::Usage(
                "which federation? Add --spec FILE.toml, or --federation and its number".into(),
            )),
        }
    }
}
