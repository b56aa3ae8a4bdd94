//! A schema for a federation: from somebody's rows, or from names and bounds alone.
//!
//! A schema is public. [`infer`] takes its numbers from the rows, so it tells everybody their mean and
//! deviation; [`declare`] looks at no row.

mod column;
mod declare;
mod note;
mod round;

pub use declare::{Declared, declare};
pub use note::{Note, Reason};

use std::collections::BTreeSet;

use fedchain_fl::{
    Column, Decimal, Name, Schema, Target,
    limits::{CLASSES_MAX, FEATURES_MAX},
};
use serde::Serialize;
use thiserror::Error;

use super::{
    DataError, Table,
    cell::{Fault, excerpt},
    error::columns,
    table::nfc,
};
use column::{Content, Texts};

/// Different texts that a column's cells may hold to become features, one per text.
pub const LABELS_MAX: usize = 20;

/// Where offset and scale of numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Mean and standard deviation.
    #[default]
    Standard,
    /// The middle and half the width of the range, in two digits: values become about -1 to 1.
    Range,
}

/// A schema, and what to know about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inferred {
    /// The schema.
    pub schema: Schema,
    /// Columns that were left out or look odd.
    pub notes: Vec<Note>,
}

/// Why there is no schema.
#[derive(Debug, Error)]
pub enum InferError {
    /// The target column cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The name cannot stand in a schema.
    #[error(
        "\"{}\" is no name for a column or label of a schema: 1 to 64 bytes without control characters are",
        excerpt(.0)
    )]
    Name(String),
    /// The classes are too few or too many.
    #[error("the target \"{target}\" has {found} classes: 2 to {CLASSES_MAX} are needed")]
    Classes {
        /// The target column.
        target: String,
        /// Its classes.
        found: usize,
    },
    /// The numbers of the target cannot be scaled.
    #[error(
        "the target \"{0}\" has numbers too large or too small to be scaled: give it in another unit"
    )]
    TargetRange(String),
    /// Nothing to learn from.
    #[error("no column can be a feature")]
    NoFeatures,
    /// More features than a schema holds.
    #[error(
        "{0} features are more than the {FEATURES_MAX} of a schema: remove columns from the file"
    )]
    TooManyFeatures(usize),
    /// Something is declared of a column that the file does not have.
    #[error(
        "the file has no column \"{}\"; it has: {}",
        excerpt(column),
        columns(found)
    )]
    NoColumn {
        /// The column.
        column: String,
        /// Columns of the file.
        found: Vec<String>,
    },
    /// Nothing is declared of the target.
    #[error("the target \"{0}\" needs bounds or labels: they are not taken from the rows")]
    TargetUndeclared(String),
    /// The federation's rules refuse the schema.
    #[error(transparent)]
    Rule(#[from] fedchain_fl::Error),
    /// The bounds are no range.
    #[error(
        "the bounds {lo} to {hi} of \"{column}\" are no range: the second must be larger, by digits that 64 bits hold"
    )]
    Bounds {
        /// The column.
        column: String,
        /// The lower bound.
        lo: Decimal,
        /// The upper bound.
        hi: Decimal,
    },
}

/// Makes a schema of a table, by which the table itself can be read.
///
/// - Columns of finite numbers become features, with offset and scale by `scaling`: the scale rounded
///   to two significant digits, the offset to the same decimal place. Empty cells count as the mean.
/// - Columns of at most [`LABELS_MAX`] different texts become one feature per text, in order; an empty
///   cell is none of them.
/// - Other columns are left out, with a note.
///
/// `target` is the header of the target column: its classes when it holds text or `classes` is set,
/// else a real number.
///
/// # Errors
/// [`InferError`], when the target cannot be one, or there is no feature.
pub fn infer(
    table: &Table,
    target: &str,
    classes: bool,
    scaling: Scaling,
) -> Result<Inferred, InferError> {
    table.ensure_decimal_points()?;
    let target = &nfc(target);
    let mut draft = Draft::default();
    for remark in table.remarks() {
        draft.note("", Reason::File { remark });
    }
    let real_or_classes = target_of(table, target, classes, scaling, &mut draft)?;
    let mut seen = BTreeSet::from([target]);
    for header in table.header() {
        if seen.insert(header) {
            draft.feature(table, header, scaling);
        }
    }
    draft.finish(real_or_classes)
}

fn target_of(
    table: &Table,
    header: &str,
    classes: bool,
    scaling: Scaling,
    draft: &mut Draft,
) -> Result<Target, InferError> {
    let place = table.place(header)?;
    if let Some(empty) = table.column(place).find(|cell| cell.text.is_empty()) {
        return Err(Fault::Empty.at(table, header, empty, &[]).into());
    }
    let content = match classes {
        true => Content::Texts(Texts::of(table.column(place))),
        false => Content::of(table.column(place)),
    };
    match content {
        Content::Numbers(numbers) => {
            if numbers.is_constant() {
                draft.note(header, Reason::Constant);
            }
            let column = numbers.column(name_of(header)?, scaling);
            let column = column.ok_or_else(|| InferError::TargetRange(header.to_owned()))?;
            Ok(Target::Real(Column {
                missing: None,
                ..column
            }))
        }
        Content::Texts(texts) => {
            if let (false, Some(reason)) = (classes, texts.mixed()) {
                draft.note(header, reason);
            }
            let labels = texts.labels();
            let labels: Result<Vec<Name>, _> = labels.iter().map(|label| name_of(label)).collect();
            classes_of(header, labels?)
        }
        // The rows are at least one, and no cell is empty.
        Content::Nothing => classes_of(header, Vec::new()),
    }
}

fn name_of(text: &str) -> Result<Name, InferError> {
    let name = text.parse();
    name.map_err(|_| InferError::Name(text.to_owned()))
}

fn classes_of(header: &str, labels: Vec<Name>) -> Result<Target, InferError> {
    let found = labels.len();
    let error = || InferError::Classes {
        target: header.to_owned(),
        found,
    };
    if found < 2 {
        return Err(error());
    }
    Ok(Target::Classes {
        name: name_of(header)?,
        labels: labels.try_into().map_err(|_| error())?,
    })
}

/// A schema in the making.
#[derive(Default)]
struct Draft {
    features: Vec<Column>,
    notes: Vec<Note>,
}

impl Draft {
    fn note(&mut self, header: &str, reason: Reason) {
        self.notes.push(Note {
            column: header.to_owned(),
            reason,
        });
    }

    /// Adds the features that the column `header` can be, or a note.
    fn feature(&mut self, table: &Table, header: &str, scaling: Scaling) {
        let Ok(name) = header.parse::<Name>() else {
            return self.note(header, Reason::Name);
        };
        let place = match table.place(header) {
            Ok(place) => place,
            Err(DataError::UnreadableColumn { kind, .. }) => {
                return self.note(header, Reason::Unreadable { kind });
            }
            Err(_) => return self.note(header, Reason::Duplicate),
        };
        match Content::of(table.column(place)) {
            Content::Nothing => self.note(header, Reason::Nothing),
            Content::Numbers(numbers) => {
                if numbers.is_constant() {
                    self.note(header, Reason::Constant);
                }
                match numbers.column(name, scaling) {
                    Some(column) => self.features.push(column),
                    None => self.note(header, Reason::Range),
                }
            }
            Content::Texts(texts) => match texts.features(&name) {
                Ok(features) => {
                    if let Some(reason) = texts.mixed() {
                        self.note(header, reason);
                    }
                    self.features.extend(features);
                }
                Err(reason) => self.note(header, reason),
            },
        }
    }

    fn finish(self, target: Target) -> Result<Inferred, InferError> {
        let found = self.features.len();
        if found == 0 {
            return Err(InferError::NoFeatures);
        }
        let features = self.features.try_into();
        let schema = Schema {
            features: features.map_err(|_| InferError::TooManyFeatures(found))?,
            target,
        };
        schema.check()?;
        Ok(Inferred {
            schema,
            notes: self.notes,
        })
    }
}

#[cfg(test)]
mod tests;
