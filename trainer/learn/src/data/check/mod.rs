//! What a file has to offer a federation, and everything in it that would be refused, before anybody
//! pays for finding out.

mod report;

pub use report::{ColumnReport, Count, Finding, Numbers, Place, Problem, Report, Values};

use std::collections::BTreeMap;

use fedchain_fl::{Column, Target, TaskSpec};

use super::{
    Cell, DataError, Dataset, Table, alike,
    cell::{self, Fault, Rule},
    table::nfc,
};
use crate::moments;

/// Values further from zero, after offset and scale, are most likely in another unit.
pub const FAR: f64 = 10.0;

/// Places that are named of each kind of finding.
const FIRST_MAX: usize = 3;

/// Compares a table with a task. `target` is the header of the target column where the file calls it
/// otherwise than the schema.
pub fn check(table: &Table, task: &TaskSpec, target: Option<&str>) -> Report {
    let schema = &task.schema;
    let named = schema.target.name().to_string();
    let header = target.unwrap_or(&named);
    let mut check = Check {
        table,
        target: header,
        is_certified: task.strategy.terms().is_some(),
        columns: Vec::new(),
        refused: Vec::new(),
        warnings: Vec::new(),
    };
    for remark in table.remarks() {
        check.warnings.push(Finding {
            column: None,
            problem: Problem::File { remark },
            cells: table.rows(),
            first: Vec::new(),
        });
    }
    let mut used = headers(&schema.features);
    for header in used.iter().map(String::as_str) {
        let labels = cell::labels_of(schema, header);
        let of_column = schema.features.iter();
        let of_column = of_column.filter(|feature| feature.name.to_string() == header);
        let features: Vec<(Rule, Option<String>)> = of_column
            .map(|feature| {
                (
                    Rule::new(feature),
                    feature.label.as_ref().map(ToString::to_string),
                )
            })
            .collect();
        check.column(header, labels, |cell, labels| {
            let values = features.iter().map(|(rule, label)| match label {
                None => rule.number(cell),
                Some(label) => rule.indicator(cell, label, labels),
            });
            values.collect()
        });
    }
    match &schema.target {
        _ if cell::is_feature(schema, header) => check.as_a_whole(header, Problem::TargetIsFeature),
        Target::Real(column) => {
            let rule = Rule::new(column);
            check.column(header, Vec::new(), |cell, _| Ok(vec![rule.number(cell)?]));
        }
        Target::Classes { labels, .. } => {
            let labels = labels.iter().map(ToString::to_string).collect();
            check.column(header, labels, |cell, labels| {
                cell::class(cell, labels).map(|_| Vec::new())
            });
        }
    }
    let needed = moments::ROWS_PER_FEATURE * schema.features.len();
    if check.is_certified && table.rows() < needed {
        check.refused.push(Finding {
            column: None,
            problem: Problem::TooFewRows { needed },
            cells: table.rows(),
            first: Vec::new(),
        });
    }
    if check.is_certified && check.refused.is_empty() {
        check.certificate(task, target);
    }
    used.push(header.to_owned());
    let used: Vec<String> = used.iter().map(|name| nfc(name)).collect();
    let ignored = table.header().iter().filter(|name| !used.contains(name));
    Report {
        file: table.file().to_owned(),
        rows: table.rows(),
        skipped: table.skipped(),
        ignored: ignored.cloned().collect(),
        columns: check.columns,
        refused: check.refused,
        warnings: check.warnings,
    }
}

/// Names of the columns that features are read from, each once.
fn headers(features: &[Column]) -> Vec<String> {
    let mut headers: Vec<String> = Vec::new();
    for feature in features {
        let header = feature.name.to_string();
        if !headers.contains(&header) {
            headers.push(header);
        }
    }
    headers
}

/// A report in the making.
struct Check<'a> {
    table: &'a Table,
    /// Header of the target column.
    target: &'a str,
    is_certified: bool,
    columns: Vec<ColumnReport>,
    refused: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Check<'_> {
    /// Refuses the column `header` for something that is not of single cells.
    fn as_a_whole(&mut self, header: &str, problem: Problem) {
        self.refused.push(Finding {
            column: Some(header.to_owned()),
            problem,
            cells: self.table.rows(),
            first: Vec::new(),
        });
    }

    /// Tries what is done with the rows' moments when they are on chain.
    fn certificate(&mut self, task: &TaskSpec, target: Option<&str>) {
        let certified = || {
            let data = Dataset::from_table(self.table, &task.schema, target);
            let data = data.map_err(|error| error.to_string())?;
            let shape = task.shape().map_err(|error| error.to_string())?;
            let moments =
                moments::moments(task, shape, &data).map_err(|error| error.to_string())?;
            moments::certify(task, moments).map_err(|error| error.to_string())
        };
        if let Err(reason) = certified() {
            self.warnings.push(Finding {
                column: None,
                problem: Problem::Uncertified { reason },
                cells: self.table.rows(),
                first: Vec::new(),
            });
        }
    }

    /// Looks at all cells under `header`. `read` says what the model sees of a cell: none to several
    /// values. `labels` are what it may hold; without, it is a number.
    fn column(
        &mut self,
        header: &str,
        labels: Vec<String>,
        read: impl Fn(&str, &[String]) -> Result<Vec<f64>, Fault>,
    ) {
        let place = match self.table.place(header) {
            Ok(place) => place,
            Err(error) => return self.as_a_whole(header, problem_of_column(error)),
        };
        let mut tally = Tally::new(&labels);
        let (mut refused, mut warnings) = (BTreeMap::new(), BTreeMap::new());
        for cell in self.table.column(place) {
            let is_empty = cell.text.is_empty();
            tally.empty += usize::from(is_empty);
            match read(cell.text, &labels) {
                Err(fault) => {
                    let problem = match fault {
                        Fault::Empty if header == self.target => Problem::EmptyTarget,
                        fault => problem_of_cell(fault, cell.text, &labels),
                    };
                    note(&mut refused, problem, &cell);
                }
                Ok(values) => {
                    if !is_empty {
                        tally.add(cell.text, &labels, &values);
                    }
                    let beyond = |value: &f64| moments::quantise(*value).is_none();
                    if self.is_certified && values.iter().any(beyond) {
                        note(&mut refused, Problem::Beyond, &cell);
                    } else if values.iter().any(|value| value.abs() > FAR) {
                        note(&mut warnings, Problem::Far, &cell);
                    }
                }
            }
        }
        let findings = |found: BTreeMap<Problem, Found>| {
            found.into_iter().map(|(problem, found)| Finding {
                column: Some(header.to_owned()),
                problem,
                cells: found.cells,
                first: found.first,
            })
        };
        self.refused.extend(findings(refused));
        self.warnings.extend(findings(warnings));
        self.columns.push(ColumnReport {
            name: header.to_owned(),
            empty: tally.empty,
            values: tally.values(),
        });
    }
}

/// Cells with the same problem.
#[derive(Default)]
struct Found {
    cells: usize,
    first: Vec<Place>,
}

fn note(found: &mut BTreeMap<Problem, Found>, problem: Problem, cell: &Cell<'_>) {
    let found = found.entry(problem).or_default();
    found.cells += 1;
    if found.first.len() < FIRST_MAX {
        found.first.push(Place {
            row: cell.row,
            cell: cell::excerpt(cell.text),
        });
    }
}

fn problem_of_column(error: DataError) -> Problem {
    match error {
        DataError::DuplicateColumn { .. } => Problem::DuplicateColumn,
        DataError::UnreadableColumn { kind, .. } => Problem::UnreadableColumn { kind },
        _ => Problem::MissingColumn,
    }
}

fn problem_of_cell(fault: Fault, cell: &str, labels: &[String]) -> Problem {
    match fault {
        Fault::Empty => Problem::Empty,
        Fault::NotANumber => Problem::NotANumber,
        Fault::NotFinite => Problem::NotFinite,
        Fault::UnknownLabel => match alike::nearest(cell, labels) {
            Some(label) => Problem::AlmostLabel {
                label: label.clone(),
            },
            None => Problem::UnknownLabel {
                labels: labels.to_vec(),
            },
        },
    }
}

/// Sums over the cells of a column that were read and are not empty.
struct Tally {
    empty: usize,
    counts: Vec<Count>,
    cells: usize,
    sum: f64,
    numbers: Numbers,
}

impl Tally {
    fn new(labels: &[String]) -> Self {
        let count = |label: &String| Count {
            label: label.clone(),
            rows: 0,
        };
        Self {
            empty: 0,
            counts: labels.iter().map(count).collect(),
            cells: 0,
            sum: 0.0,
            numbers: Numbers {
                min: f64::INFINITY,
                max: f64::NEG_INFINITY,
                mean: 0.0,
                scaled_min: f64::INFINITY,
                scaled_max: f64::NEG_INFINITY,
            },
        }
    }

    fn add(&mut self, cell: &str, labels: &[String], scaled: &[f64]) {
        let label = cell::place_of(cell, labels);
        if let Some(count) = label.and_then(|place| self.counts.get_mut(place)) {
            count.rows += 1;
        } else if let (Ok(value), [scaled]) = (cell.parse::<f64>(), scaled) {
            self.cells += 1;
            self.sum += value;
            let numbers = &mut self.numbers;
            numbers.min = numbers.min.min(value);
            numbers.max = numbers.max.max(value);
            numbers.scaled_min = numbers.scaled_min.min(*scaled);
            numbers.scaled_max = numbers.scaled_max.max(*scaled);
        }
    }

    fn values(self) -> Values {
        if !self.counts.is_empty() {
            return Values::Labels(self.counts);
        }
        Values::Numbers((self.cells > 0).then(|| Numbers {
            mean: self.sum / self.cells as f64,
            ..self.numbers
        }))
    }
}

#[cfg(test)]
mod tests;
