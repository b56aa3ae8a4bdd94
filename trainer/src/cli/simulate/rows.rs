//! Whose rows are simulated: a file dealt to clients, or a file for each of them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::{Args, builder::RangedU64ValueParser};
use fedchain_fl::Schema;
use fedchain_learn::data::{
    Dataset, Table, Targets,
    partition::{self, HoldOut, Partition, PartitionError},
};
use serde::Serialize;

use crate::{
    Error,
    cli::{
        deal::{Scheme, share},
        hyper::positive,
        output,
        reading::TargetReadingArgs,
    },
    rows,
};

/// Which rows, and whose.
#[derive(Debug, Args)]
pub(super) struct RowsArgs {
    /// Rows, with a header: one file that is dealt to --clients, or several --data, each the rows of
    /// one client.
    #[arg(long, required = true, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Header of the target column, where the files call it otherwise than the federation.
    #[arg(long)]
    target: Option<String>,
    /// Deal the rows to so many clients.
    #[arg(long, value_name = "NUMBER", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    clients: Option<usize>,
    /// How rows are dealt.
    #[arg(long, value_enum, default_value_t)]
    scheme: Scheme,
    /// Concentration of the schemes dirichlet and quantity: small numbers skew more.
    #[arg(long, default_value_t = 0.5, value_parser = positive)]
    alpha: f64,
    /// Header of the column of the scheme column.
    #[arg(long, value_name = "NAME", required_if_eq("scheme", "column"))]
    column: Option<String>,
    /// Rows that nobody trains on, to measure server models on.
    #[arg(long, value_name = "FILE")]
    held_out: Option<PathBuf>,
    /// Hold out this share of the rows for that instead, like 0.2 [default: models are measured on
    /// the clients' rows].
    #[arg(long, value_name = "SHARE", conflicts_with = "held_out", value_parser = share)]
    hold_out: Option<f64>,
    #[command(flatten)]
    reading: TargetReadingArgs,
}

/// Rows in memory.
#[derive(Debug)]
pub(super) struct Rows {
    /// Each client's.
    pub clients: Vec<Dataset>,
    /// Those that nobody trains on, in any number of parts; none: the clients' rows are measured.
    pub held_out: Vec<Dataset>,
    /// How they were dealt; none: each client has a file.
    pub dealt: Option<Dealt>,
}

/// How rows were dealt, as it stands in results.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Dealt {
    scheme: Scheme,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
}

fn tell(note: String) {
    output::hint(&note);
}

impl RowsArgs {
    /// Reads, holds out and deals; the same seed does it alike.
    ///
    /// # Errors
    /// When a file cannot be used, or rows cannot be dealt so.
    pub(super) fn read(&self, schema: &Schema, seed: u64) -> Result<Rows, Error> {
        let is_dealt = self.clients.is_some() || self.scheme != Scheme::Iid;
        let mut rows = match (self.data.as_slice(), is_dealt) {
            ([file], true) => {
                let reading = self.reading.reading();
                let target = self.target.as_deref();
                let table = rows::read_table(file, &reading, schema, target, tell)?;
                let data = Dataset::from_table(&table, schema, self.target.as_deref())?;
                self.deal(&table, &data, seed)?
            }
            (files, false) => self.one_file_each(files, schema, seed)?,
            (_, true) => {
                return Err(Error::Usage(
                    "several --data are the rows of one client each: leave out --clients and --scheme, \
                     or give one file to deal"
                        .into(),
                ));
            }
        };
        if let Some(file) = &self.held_out {
            let data = self.dataset(file, schema)?;
            rows.held_out.push(data);
        }
        Ok(rows)
    }

    fn dataset(&self, file: &Path, schema: &Schema) -> Result<Dataset, Error> {
        let (reading, target) = (self.reading.reading(), self.target.as_deref());
        rows::read(file, &reading, schema, target, tell)
    }

    fn one_file_each(&self, files: &[PathBuf], schema: &Schema, seed: u64) -> Result<Rows, Error> {
        let mut rows = Rows {
            clients: Vec::with_capacity(files.len()),
            held_out: Vec::new(),
            dealt: None,
        };
        for file in files {
            let data = self.dataset(file, schema)?;
            match self.split(data.rows(), seed)? {
                Some(split) => {
                    rows.clients.push(data.select(&split.training));
                    rows.held_out.push(data.select(&split.held_out));
                }
                None => rows.clients.push(data),
            }
        }
        Ok(rows)
    }

    /// Deals the rows of one file.
    fn deal(&self, table: &Table, data: &Dataset, seed: u64) -> Result<Rows, Error> {
        let (partition, groups) = self.partition(table, data)?;
        let split = self.split(data.rows(), seed)?;
        let (training, held_out) = match split {
            Some(split) => (split.training, vec![data.select(&split.held_out)]),
            None => ((0..data.rows()).collect(), Vec::new()),
        };
        let groups: Vec<usize> = training
            .iter()
            .filter_map(|row| groups.get(*row).copied())
            .collect();
        let clients = match (self.clients, self.scheme) {
            (Some(clients), _) => clients,
            (None, Scheme::Column) => groups.iter().collect::<BTreeSet<_>>().len(),
            (None, _) => {
                return Err(Error::Usage("to how many clients? Add --clients".into()));
            }
        };
        let parts = partition.deal(&groups, clients, seed)?;
        let of_client = |part: &Vec<usize>| -> Vec<usize> {
            let rows = part.iter().filter_map(|place| training.get(*place));
            rows.copied().collect()
        };
        Ok(Rows {
            clients: parts
                .iter()
                .map(|part| data.select(&of_client(part)))
                .collect(),
            held_out,
            dealt: Some(Dealt {
                scheme: self.scheme,
                alpha: matches!(self.scheme, Scheme::Dirichlet | Scheme::Quantity)
                    .then_some(self.alpha),
                column: self
                    .column
                    .clone()
                    .filter(|_| self.scheme == Scheme::Column),
            }),
        })
    }

    /// What rows are held out, if any.
    fn split(&self, rows: usize, seed: u64) -> Result<Option<HoldOut>, PartitionError> {
        self.hold_out
            .map(|share| partition::hold_out(rows, share, seed))
            .transpose()
    }

    /// The scheme, and the group of each row, `[rows]`, that it looks at.
    fn partition(&self, table: &Table, data: &Dataset) -> Result<(Partition, Vec<usize>), Error> {
        let alpha = self.alpha;
        let alike = || vec![0; data.rows()];
        Ok(match self.scheme {
            Scheme::Iid => (Partition::Iid, alike()),
            Scheme::Quantity => (Partition::Quantity { alpha }, alike()),
            Scheme::Dirichlet => match &data.targets {
                Some(Targets::Classes(classes)) => {
                    (Partition::Dirichlet { alpha }, classes.to_vec())
                }
                _ => {
                    let reason = "the scheme dirichlet skews labels, and a regression has none: take \
                                  --scheme quantity";
                    return Err(Error::Usage(reason.into()));
                }
            },
            Scheme::Column => {
                let name = self.column.clone().unwrap_or_default();
                let cells = table.column(table.place(&name)?);
                let groups = partition::groups(cells.map(|cell| cell.text.to_owned()));
                (Partition::Column { name }, groups)
            }
        })
    }
}
