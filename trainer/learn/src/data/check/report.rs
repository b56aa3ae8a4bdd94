//! What [`check`](super::check) found, for people and programs.

use std::{fmt, path::PathBuf};

use fedchain_fl::FederationSpec;
use serde::Serialize;

use super::FAR;
use crate::data::{Remark, alike, cell::excerpt, missing};

/// A file as a federation sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The file.
    pub file: PathBuf,
    /// Its rows.
    pub rows: usize,
    /// Rows without a target that were left out.
    pub skipped: usize,
    /// The columns that the federation reads and the file has: features, then the target.
    pub columns: Vec<ColumnReport>,
    /// The file's other columns.
    pub ignored: Vec<String>,
    /// Why the file would be refused; nothing: it can be used.
    pub refused: Vec<Finding>,
    /// What is allowed, but most likely a mistake.
    pub warnings: Vec<Finding>,
}

/// A column that the federation reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnReport {
    /// Its name in the file.
    pub name: String,
    /// Cells without a value.
    pub empty: usize,
    /// What the others hold.
    #[serde(flatten)]
    pub values: Values,
}

/// What the cells of a column hold, as far as they could be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Numbers; none where no cell has one.
    Numbers(Option<Numbers>),
    /// Labels, in the schema's order.
    Labels(Vec<Count>),
}

/// The numbers of a column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Numbers {
    /// The smallest, in the file's unit.
    pub min: f64,
    /// The largest, in the file's unit.
    pub max: f64,
    /// The mean, in the file's unit.
    pub mean: f64,
    /// The smallest as the model sees it.
    pub scaled_min: f64,
    /// The largest as the model sees it.
    pub scaled_max: f64,
}

/// Rows with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The label.
    pub label: String,
    /// Its rows.
    pub rows: usize,
}

/// One kind of problem in one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The column; none: the file as a whole.
    pub column: Option<String>,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Problem,
    /// Cells with it; all rows where the column or the file has it as a whole.
    pub cells: usize,
    /// The first of them.
    pub first: Vec<Place>,
}

/// A cell of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The row, counted as [`Cell::row`](crate::data::Cell::row) is.
    pub row: u64,
    /// What the cell holds.
    pub cell: String,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// The schema's column is not in the file.
    MissingColumn,
    /// The file has it more than once.
    DuplicateColumn,
    /// Its Parquet type is no number, text or Boolean.
    UnreadableColumn {
        /// The type.
        kind: String,
    },
    /// The target column is one that the model learns from.
    TargetIsFeature,
    /// No value in the target column.
    EmptyTarget,
    /// No value, and the schema has none for empty cells.
    Empty,
    /// No number.
    NotANumber,
    /// Infinite or NaN, perhaps only after scaling.
    NotFinite,
    /// None of the schema's labels, but almost one.
    AlmostLabel {
        /// The schema's label.
        label: String,
    },
    /// None of the schema's labels.
    UnknownLabel {
        /// The schema's labels.
        labels: Vec<String>,
    },
    /// Beyond 8 after offset and scale, which a certified regression cannot take.
    Beyond,
    /// Fewer rows than twice the features, which a certified regression does not take.
    TooFewRows {
        /// Rows needed.
        needed: usize,
    },
    /// More than [`FAR`] scales from the offset.
    Far,
    /// More rows than the federation counts of one client.
    TooManyRows {
        /// Rows that it counts.
        counted: u32,
        /// Whether all rows must be counted, as a certified regression asks.
        is_certified: bool,
    },
    /// A regression of these rows alone would not be certified.
    Uncertified {
        /// Why not.
        reason: String,
    },
    /// Of the file as a whole.
    File {
        /// What to know about it.
        remark: Remark,
    },
}

impl Report {
    /// The same, where `spec` counts fewer rows of one client.
    pub fn counted_by<Balance>(mut self, spec: &FederationSpec<Balance>) -> Self {
        let counted = spec.stated_count(self.rows);
        if self.rows > counted as usize {
            let is_certified = spec.task.strategy.terms().is_some();
            let findings = match is_certified {
                true => &mut self.refused,
                false => &mut self.warnings,
            };
            findings.push(Finding {
                column: None,
                problem: Problem::TooManyRows {
                    counted,
                    is_certified,
                },
                cells: self.rows,
                first: Vec::new(),
            });
        }
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column \"{}\": ", excerpt(column))?;
        }
        let cells = match self.cells {
            1 => "1 cell".into(),
            cells => format!("{cells} cells"),
        };
        match &self.problem {
            Problem::MissingColumn => write!(f, "the file does not have it")?,
            Problem::DuplicateColumn => write!(f, "the file has it more than once")?,
            Problem::UnreadableColumn { kind } => write!(
                f,
                "its type is {kind}: store numbers, text or Booleans instead"
            )?,
            Problem::TargetIsFeature => write!(
                f,
                "it is a feature of this federation: --target names the column that holds what the model is to \
                 predict"
            )?,
            Problem::EmptyTarget => write!(
                f,
                "{cells} without a value: --skip-without-target leaves such rows out"
            )?,
            Problem::Empty => write!(
                f,
                "{cells} without a value, for which the schema has no rule"
            )?,
            Problem::NotANumber => write!(f, "{cells} without a number")?,
            Problem::NotFinite => write!(f, "{cells} infinite or not a number")?,
            Problem::AlmostLabel { label } => write!(
                f,
                "{cells} with almost the label {}: write it as the schema does, if that is meant",
                alike::visible(label)
            )?,
            Problem::UnknownLabel { labels } => {
                write!(f, "{cells} with none of the labels {}", labels.join(", "))?;
            }
            Problem::Beyond => write!(
                f,
                "{cells} beyond 8 after offset and scale, which a certified regression cannot take: \
                 it needs a larger scale, or leave the rows out"
            )?,
            Problem::TooFewRows { needed } => write!(
                f,
                "{} rows, and a certified regression takes {needed} (twice the features) or more",
                self.cells
            )?,
            Problem::File { remark } => write!(f, "{remark}")?,
            Problem::Far => write!(
                f,
                "{cells} more than {FAR} after offset and scale: are they in the federation's unit? \
                 Otherwise ask its owner for another offset or scale"
            )?,
            Problem::TooManyRows {
                counted,
                is_certified,
            } => {
                write!(
                    f,
                    "{} rows; this federation counts {counted} per client at most (sample_count_max)",
                    self.cells
                )?;
                if *is_certified {
                    write!(f, ", and a certified regression takes all: leave rows out")?;
                }
            }
            Problem::Uncertified { reason } => write!(
                f,
                "a regression of these rows alone would not be certified, and with those of others it may not \
                 be: {reason}"
            )?,
        }
        for (place, at) in self.first.iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            write!(f, "{before}row {}", at.row)?;
            if !at.cell.is_empty() {
                match self.problem {
                    // It looks like the label.
                    Problem::AlmostLabel { .. } => write!(f, " {}", alike::visible(&at.cell))?,
                    _ => write!(f, " \"{}\"", at.cell)?,
                }
            }
        }
        if self.cells > self.first.len() && !self.first.is_empty() {
            write!(f, ", …")?;
        }
        let word = self.first.iter().map(|at| missing::hint(&at.cell));
        f.write_str(
            &word
                .into_iter()
                .find(|hint| !hint.is_empty())
                .unwrap_or_default(),
        )
    }
}
