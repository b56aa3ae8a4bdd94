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
    missing::typed,
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

/// What the schema is to be like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Header of the target column.
    pub target: &'a str,
    /// Whether numbers in the target column are classes.
    pub classes: bool,
    /// Where offset and scale of numbers come from.
    pub scaling: Scaling,
    /// Headers of columns that name rows: they are no features.
    pub ids: &'a [String],
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
    /// The target has words that most likely mean that there is no value.
    #[error(
        "the target \"{target}\" has cells that look like missing values ({}): say --missing {} if that is what \
         they mean, and --missing '' if they are values like others",
        words.join(", "),
        typed(&words.join(","))
    )]
    MissingWords {
        /// The target column.
        target: String,
        /// The words.
        words: Vec<String>,
    },
    /// The target has too many labels, which are numbers as people write them.
    #[error(
        "the target \"{target}\" is text: \"{cell}\" in row {row}; write {plain} to have numbers"
    )]
    DecoratedTarget {
        /// The target column.
        target: String,
        /// Row of the first such cell.
        row: u64,
        /// What it holds.
        cell: String,
        /// The same as a number.
        plain: String,
    },
    /// The target is to name rows as well.
    #[error("the target \"{0}\" cannot name rows as well: take another --id")]
    TargetIsId(String),
    /// The numbers of the target cannot be scaled.
    #[error(
        "the target \"{0}\" has numbers too large or too small to be scaled: give it in another unit"
    )]
    TargetRange(String),
    /// Nothing to learn from.
    #[error("no column can be a feature{}", reasons(.0))]
    NoFeatures(Vec<Note>),
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
///   to two significant digits, the offset to the same decimal place. Empty cells count as the mean. The
///   scale is so large that a certified regression takes all numbers, where the target is one, and columns
///   of 0 and 1 stay as they are unless they are scaled by their range.
/// - Columns of at most [`LABELS_MAX`] different texts become one feature per text, in order; an empty
///   cell is none of them.
/// - Other columns are left out, with a note; those that name rows as well.
///
/// The target are classes when it holds text or they are wanted, else a real number.
///
/// # Errors
/// [`InferError`], when the target cannot be one, or there is no feature.
pub fn infer(table: &Table, wanted: &Wanted<'_>) -> Result<Inferred, InferError> {
    let target = nfc(wanted.target);
    let ids: Vec<String> = wanted.ids.iter().map(|id| nfc(id)).collect();
    for id in &ids {
        table.place(id)?;
        if *id == target {
            return Err(InferError::TargetIsId(id.clone()));
        }
    }
    table.ensure_decimal_points(&ids)?;
    let mut draft = Draft::default();
    for remark in table.remarks() {
        draft.note("", Reason::File { remark });
    }
    let wanted = Wanted {
        target: &target,
        ..*wanted
    };
    let real_or_classes = target_of(table, &wanted, &mut draft)?;
    // Classes are not certified, so that their features may lie further off.
    let must_fit = matches!(real_or_classes, Target::Real(_));
    let ids = ids.iter().map(String::as_str);
    let mut seen: BTreeSet<&str> = ids.chain([target.as_str()]).collect();
    for (place, header) in table.header().iter().enumerate() {
        if !seen.insert(header) {
            continue;
        }
        match names_rows(place, header) {
            true => draft.note(header, Reason::RowNames),
            false => draft.feature(table, header, wanted.scaling, must_fit),
        }
    }
    draft.finish(real_or_classes)
}

/// Whether a column is one that other programs add on their own: pandas its index, by two names, R the
/// names of rows without one.
fn names_rows(place: usize, header: &str) -> bool {
    let level = header.strip_prefix("__index_level_");
    let level = level.and_then(|rest| rest.strip_suffix("__"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Written and read again and again, it becomes "Unnamed: 0.1" and so on.
    let unnamed = header.strip_prefix("Unnamed: 0");
    (place == 0 && header.is_empty())
        || level.is_some_and(is_number)
        || unnamed.is_some_and(|rest| {
            rest.split('.')
                .all(|part| part.is_empty() || is_number(part))
        })
}

fn target_of(table: &Table, wanted: &Wanted<'_>, draft: &mut Draft) -> Result<Target, InferError> {
    let header = wanted.target;
    let place = table.place(header)?;
    if let Some(empty) = table.column(place).find(|cell| cell.text.is_empty()) {
        return Err(Fault::Empty
            .at(table, header, empty, &[])
            .of_target()
            .into());
    }
    let content = match wanted.classes {
        true => Content::Texts(Texts::of(table.column(place))),
        false => Content::of(table.column(place)),
    };
    match content {
        Content::Numbers(numbers) => {
            if numbers.is_constant() {
                draft.note(header, Reason::Constant);
            }
            if let Some(different) = numbers.few() {
                draft.note(header, Reason::FewNumbers { different });
            }
            let column = numbers.column(name_of(header)?, wanted.scaling, true);
            let (column, far) = column.ok_or_else(|| InferError::TargetRange(header.to_owned()))?;
            draft.notes(header, far);
            Ok(Target::Real(Column {
                missing: None,
                ..column
            }))
        }
        Content::Texts(texts) => classes_in(table, wanted, &texts, draft),
        // The rows are at least one, and no cell is empty.
        Content::Nothing => classes_of(header, Vec::new()),
    }
}

/// The texts of the target column as classes.
fn classes_in(
    table: &Table,
    wanted: &Wanted<'_>,
    texts: &Texts,
    draft: &mut Draft,
) -> Result<Target, InferError> {
    let header = wanted.target;
    let words = texts.missing_words();
    if table.missing().is_none() && !words.is_empty() {
        let target = header.to_owned();
        return Err(InferError::MissingWords { target, words });
    }
    let labels = texts.labels();
    if !wanted.classes {
        let odd = texts.odd_word(true);
        if let (
            true,
            Some(Reason::Decorated {
                row, cell, plain, ..
            }),
        ) = (labels.len() > CLASSES_MAX as usize, odd.clone())
        {
            return Err(InferError::DecoratedTarget {
                target: header.to_owned(),
                row,
                cell,
                plain,
            });
        }
        draft.notes(header, odd);
    }
    draft.notes(header, texts.alike());
    let labels: Result<Vec<Name>, _> = labels.iter().map(|label| name_of(label)).collect();
    classes_of(header, labels?)
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

/// What was said of the columns, behind a colon.
fn reasons(notes: &[Note]) -> String {
    let notes: Vec<_> = notes.iter().map(ToString::to_string).collect();
    match notes.is_empty() {
        true => String::new(),
        false => format!(": {}", notes.join("; ")),
    }
}

impl Draft {
    fn note(&mut self, header: &str, reason: Reason) {
        self.notes.push(Note {
            column: header.to_owned(),
            reason,
        });
    }

    fn notes(&mut self, header: &str, reasons: impl IntoIterator<Item = Reason>) {
        for reason in reasons {
            self.note(header, reason);
        }
    }

    /// Adds the features that the column `header` can be, or a note.
    fn feature(&mut self, table: &Table, header: &str, scaling: Scaling, must_fit: bool) {
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
                match numbers.column(name, scaling, must_fit) {
                    Some((column, far)) => {
                        let rows = numbers.name_rows().then_some(Reason::RowNumbers);
                        self.notes(header, rows.into_iter().chain(far));
                        self.features.push(column);
                    }
                    None => self.note(header, Reason::Range),
                }
            }
            Content::Texts(texts) => match texts.features(&name) {
                Ok(features) => {
                    self.notes(header, texts.odd_word(table.missing().is_some()));
                    self.notes(header, texts.alike());
                    self.features.extend(features);
                }
                Err(reason) => self.note(header, reason),
            },
        }
    }

    fn finish(self, target: Target) -> Result<Inferred, InferError> {
        let found = self.features.len();
        if found == 0 {
            return Err(InferError::NoFeatures(self.notes));
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
