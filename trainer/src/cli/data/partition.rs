//! `fedchain data partition`.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use clap::Args;
use fedchain_learn::{
    Hyper,
    data::{
        Table, excerpt,
        partition::{self, HoldOut, groups, hold_out},
    },
    whole::{self, Whole},
};
use serde::Serialize;
use serde_json::json;

use super::rows;
use crate::{
    Error,
    cli::{
        Common,
        deal::{Scheme, share},
        file_error,
        hyper::positive,
        output::{self, Output},
        reading::ReadingArgs,
    },
};

/// Targets per part that are counted out for people.
const LABELS_SHOWN_MAX: usize = 10;

#[derive(Debug, Args)]
pub(in crate::cli) struct Partition {
    /// Rows: CSV, TSV or Parquet.
    file: PathBuf,
    /// Clients; with the scheme `column` as many as it has values.
    #[arg(
        long,
        value_parser = clap::value_parser!(u32).range(1..),
        required_if_eq_any([("scheme", "iid"), ("scheme", "dirichlet"), ("scheme", "quantity")])
    )]
    clients: Option<u32>,
    /// How rows are dealt.
    #[arg(long, value_enum)]
    scheme: Scheme,
    /// Concentration of the schemes dirichlet and quantity: small numbers skew more.
    #[arg(long, default_value_t = 0.5, value_parser = positive)]
    alpha: f64,
    /// Header of the column whose values are the clients.
    #[arg(long, required_if_eq("scheme", "column"))]
    column: Option<String>,
    /// Header of the target column: its labels are skewed by `dirichlet`, and counted.
    #[arg(long, required_if_eq("scheme", "dirichlet"))]
    target: Option<String>,
    /// The same seed deals alike.
    #[arg(long, default_value_t = Hyper::default().seed)]
    seed: u64,
    /// Share of the rows that no client gets, chosen at random first; 0.2 is a fifth.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    hold_out: Option<f64>,
    /// Folder for client-001.csv and so on, and held-out.csv.
    #[arg(long)]
    out_dir: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// A file that was written.
#[derive(Serialize)]
struct Part {
    file: PathBuf,
    rows: usize,
    /// Rows per label of the target column, where it is named.
    labels: BTreeMap<String, usize>,
}

impl Partition {
    pub(super) fn run(self, common: &Common) -> Result<(), Error> {
        let table = Table::read(&self.file, &self.reading.reading())?;
        let labels: Vec<_> = match self.target.as_deref() {
            Some(name) => table.column(table.place(name)?).collect(),
            None => Vec::new(),
        };
        if common.format == Output::Text {
            let remarks = table.remarks();
            remarks.iter().for_each(|it| output::hint(&it.to_string()));
        }
        let parts = self.deal(&table)?;
        let parts = parts.iter().map(|(name, rows)| {
            let path = self.out_dir.join(format!("{name}.{}", table.ending()));
            (path, rows)
        });
        let parts: Vec<(PathBuf, &Vec<usize>)> = parts.collect();
        // Before any is written: half an experiment is none.
        if let Some((path, _)) = parts.iter().find(|(path, _)| path.exists()) {
            return Err(file_error(
                path,
                "it exists already: choose another --out-dir",
            ));
        }
        let is_new = !self.out_dir.exists();
        whole::folder(&self.out_dir).map_err(|error| file_error(&self.out_dir, error))?;
        if let Err(error) = write_all(&table, &parts) {
            if is_new {
                // Nothing can be done where it fails, and there is an error to tell already.
                let _ = fs::remove_dir(&self.out_dir);
            }
            return Err(error);
        }
        let parts = parts.into_iter().map(|(file, rows)| {
            let mut counts = BTreeMap::new();
            for cell in rows.iter().filter_map(|row| labels.get(*row)) {
                *counts.entry(cell.text.to_string()).or_default() += 1;
            }
            Part {
                file,
                rows: rows.len(),
                labels: counts,
            }
        });
        let parts: Vec<Part> = parts.collect();
        common.print(&json!({ "parts": parts }), || {
            let lines: Vec<String> = parts.iter().map(line).collect();
            lines.join("\n")
        });
        Ok(())
    }

    /// Names of files and their rows.
    fn deal(&self, table: &Table) -> Result<Vec<(String, Vec<usize>)>, Error> {
        let HoldOut { training, held_out } = match self.hold_out {
            Some(share) => hold_out(table.rows(), share, self.seed)?,
            None => HoldOut {
                training: (0..table.rows()).collect(),
                held_out: Vec::new(),
            },
        };
        let scheme = match self.scheme {
            Scheme::Iid => partition::Partition::Iid,
            Scheme::Dirichlet => partition::Partition::Dirichlet { alpha: self.alpha },
            Scheme::Quantity => partition::Partition::Quantity { alpha: self.alpha },
            Scheme::Column => partition::Partition::Column {
                name: self.column.clone().unwrap_or_default(),
            },
        };
        let by = match self.scheme {
            Scheme::Iid | Scheme::Quantity => None,
            Scheme::Dirichlet => self.target.as_deref(),
            Scheme::Column => self.column.as_deref(),
        };
        let groups = match by {
            None => vec![0; training.len()],
            Some(name) => {
                let cells: Vec<_> = table.column(table.place(name)?).collect();
                let cells = training.iter().filter_map(|row| cells.get(*row));
                groups(cells.map(|cell| &cell.text))
            }
        };
        let values = groups.iter().max().map_or(0, |last| last + 1);
        let clients = self.clients.map_or(values, |clients| clients as usize);
        let parts = scheme.deal(&groups, clients, self.seed)?;
        let of_client = |part: Vec<usize>| {
            let rows = part.into_iter().filter_map(|place| training.get(place));
            rows.copied().collect()
        };
        let named = (1..).zip(parts);
        let mut named: Vec<(String, Vec<usize>)> = named
            .map(|(client, part)| (format!("client-{client:03}"), of_client(part)))
            .collect();
        if !held_out.is_empty() {
            named.push(("held-out".into(), held_out));
        }
        Ok(named)
    }
}

/// Writes all files, or none: half an experiment is none.
fn write_all(table: &Table, parts: &[(PathBuf, &Vec<usize>)]) -> Result<(), Error> {
    for (done, (path, rows)) in parts.iter().enumerate() {
        if let Err(error) = write(table, rows, path) {
            for (path, _) in parts.iter().take(done) {
                let _ = fs::remove_file(path);
            }
            return Err(file_error(path, error));
        }
    }
    Ok(())
}

fn write(table: &Table, rows: &[usize], path: &Path) -> io::Result<()> {
    Whole::at(path)
        .fresh()
        .fill(|file| table.write(rows, BufWriter::new(file)))
}

fn line(part: &Part) -> String {
    let counts: Vec<String> = part
        .labels
        .iter()
        .map(|(label, rows)| format!("{} ×{rows}", excerpt(label)))
        .collect();
    let counts = match counts.len() {
        0 => String::new(),
        1..=LABELS_SHOWN_MAX => format!("  {}", counts.join(", ")),
        labels => format!("  {labels} different targets"),
    };
    format!("{}: {}{counts}", part.file.display(), rows(part.rows))
}
