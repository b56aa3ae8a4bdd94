//! `fedchain schema`: infer.

mod declared;
mod toml;

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use fedchain_learn::data::{
    Table,
    infer::{self, Declared, Inferred, Wanted},
};
use serde_json::json;

use super::{
    Common, check_place,
    output::{self, Output},
    read_file,
    reading::TargetReadingArgs,
    write_file,
};
use crate::{Error, rows, words::count};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a schema, as a federation's file has it.
    Infer(Infer),
}

#[derive(Debug, Args)]
pub(super) struct Infer {
    /// Rows: CSV, TSV or Parquet.
    file: PathBuf,
    /// Header of the target column.
    #[arg(long)]
    target: String,
    /// The numbers in the target column are classes.
    #[arg(long, conflicts_with = "private")]
    classes: bool,
    /// Where offset and scale of numbers come from.
    #[arg(long, value_enum, default_value_t, conflicts_with = "private")]
    scaling: Scaling,
    /// Read the header only: offsets and scales come from bounds, categories from labels, which you
    /// give. Columns without either are left out.
    #[arg(long, conflicts_with_all = ["missing", "skip_without_target"])]
    private: bool,
    /// File of bounds and labels, in TOML: one `name = [lo, hi]` or `name = ["a", "b"]` per column.
    #[arg(long, value_name = "FILE", requires = "private")]
    bounds: Option<PathBuf>,
    /// Bounds of a column of numbers, like age=0..120; overrides the file's. Repeatable.
    #[arg(long, value_name = "NAME=LO..HI", requires = "private", value_parser = declared::bound)]
    bound: Vec<(String, Declared)>,
    /// Labels of a column, like sex=f,m; overrides the file's. Repeatable.
    #[arg(long, value_name = "NAME=A,B,..", requires = "private", value_parser = declared::labels)]
    labels: Vec<(String, Declared)>,
    /// A column that names rows: it becomes no feature. Repeatable.
    #[arg(long, value_name = "COLUMN", conflicts_with = "private")]
    id: Vec<String>,
    /// File for the schema.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replace the file of --out if it exists.
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    reading: TargetReadingArgs,
}

/// Where offset and scale come from.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Scaling {
    /// Mean and standard deviation.
    #[default]
    Standard,
    /// Middle and half of the range.
    Range,
}

impl From<Scaling> for infer::Scaling {
    fn from(scaling: Scaling) -> Self {
        match scaling {
            Scaling::Standard => Self::Standard,
            Scaling::Range => Self::Range,
        }
    }
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::Infer(infer) => infer.run(common),
        }
    }
}

impl Infer {
    fn run(self, common: &Common) -> Result<(), Error> {
        let out = self.out.clone();
        check_place(out.as_ref(), &[&self.file])?;
        if let Some(file) = out.as_ref().filter(|file| file.exists() && !self.force) {
            return Err(Error::Usage(format!(
                "{} exists already: replace it by --force",
                file.display()
            )));
        }
        let is_private = self.private;
        let inferred = self.infer()?;
        if common.format == Output::Text {
            inferred
                .notes
                .iter()
                .for_each(|note| output::hint(&note.to_string()));
            if !is_private {
                output::hint(
                    "a schema is public, and this one tells where the values of each column lie: with \
                     --private it comes from bounds that you give",
                );
            }
        }
        let Some(file) = out else {
            common.print(&inferred, || toml::schema(&inferred.schema));
            return Ok(());
        };
        write_file(&file, format!("{}\n", toml::schema(&inferred.schema)))?;
        let features = inferred.schema.features.len();
        let done = json!({ "features": features, "file": file, "notes": inferred.notes });
        common.print(&done, || {
            let features = count(features, "feature");
            format!("schema of {features} in {}", file.display())
        });
        Ok(())
    }

    fn infer(self) -> Result<Inferred, Error> {
        let reading = self.reading.reading();
        if !self.private {
            let table = Table::read_for(&self.file, &reading, &self.target)?;
            if let Some(skipped) = rows::skipped(&table, &self.target) {
                output::hint(&skipped);
            }
            let wanted = Wanted {
                target: &self.target,
                classes: self.classes,
                scaling: self.scaling.into(),
                ids: &self.id,
            };
            return Ok(infer::infer(&table, &wanted)?);
        }
        let mut columns: BTreeMap<String, Declared> = match &self.bounds {
            None => BTreeMap::new(),
            Some(file) => declared::read(file, &read_file(file)?)?,
        };
        columns.extend(self.bound);
        columns.extend(self.labels);
        let header = Table::read_header(&self.file, &reading)?;
        Ok(infer::declare(&header, &self.target, &columns)?)
    }
}
