//! A schema from what its owner says, without a look at any row.

use std::collections::BTreeMap;

use fedchain_fl::{Column, Decimal, Name, Target};

use super::{Draft, InferError, Inferred, Reason, classes_of, name_of, nfc, round};

/// What the owner says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// Numbers, most of them in this range: the model sees them as -1 to 1.
    Bounds {
        /// The lower bound.
        lo: Decimal,
        /// The upper bound.
        hi: Decimal,
    },
    /// One of these texts.
    Labels(Vec<Name>),
}

/// Makes a schema of a file's header and what is declared of its columns. Columns of which nothing is
/// declared are left out, with a note. A target with labels is a class.
///
/// # Errors
/// [`InferError`], among others when something is declared of a column that the header does not name.
pub fn declare(
    header: &[String],
    target: &str,
    declared: &BTreeMap<String, Declared>,
) -> Result<Inferred, InferError> {
    let target = nfc(target);
    let target = target.as_str();
    let named = declared.keys().map(String::as_str).chain([target]);
    for column in named {
        if !header.iter().any(|known| known == column) {
            return Err(InferError::NoColumn {
                column: column.to_owned(),
                found: header.to_vec(),
            });
        }
    }
    let mut draft = Draft::default();
    for column in header.iter().filter(|column| *column != target) {
        match declared.get(column) {
            None => draft.note(column, Reason::Undeclared),
            Some(Declared::Bounds { lo, hi }) => draft.features.push(number(column, *lo, *hi)?),
            Some(Declared::Labels(labels)) => {
                let name = name_of(column)?;
                let number = Column::number(name, Decimal::whole(0), Decimal::whole(1));
                draft.features.extend(labels.iter().map(|label| Column {
                    label: Some(label.clone()),
                    ..number.clone()
                }));
            }
        }
    }
    let target = match declared.get(target) {
        None => return Err(InferError::TargetUndeclared(target.to_owned())),
        Some(Declared::Bounds { lo, hi }) => Target::Real(number(target, *lo, *hi)?),
        Some(Declared::Labels(labels)) => classes_of(target, labels.clone())?,
    };
    draft.finish(target)
}

fn number(column: &str, lo: Decimal, hi: Decimal) -> Result<Column, InferError> {
    let error = || InferError::Bounds {
        column: column.to_owned(),
        lo,
        hi,
    };
    let (offset, scale) = round::halves(lo, hi).ok_or_else(error)?;
    Ok(Column::number(name_of(column)?, offset, scale))
}
