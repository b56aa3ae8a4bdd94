//! What the cells of one column hold, and the features that they can be.

use std::collections::BTreeSet;

use fedchain_fl::{Column, Decimal, Name};

use super::{LABELS_MAX, Reason, Scaling, round};
use crate::data::{Cell, cell::canonical};

/// Numbers beyond are left alone: the squares of smaller ones add up.
const MAGNITUDE_MAX: f64 = 1e100;

/// The cells that are not empty.
pub(super) enum Content {
    /// There are none.
    Nothing,
    /// All are finite numbers.
    Numbers(Numbers),
    /// Some are not.
    Texts(Texts),
}

impl Content {
    pub(super) fn of<'a>(cells: impl Iterator<Item = Cell<'a>> + Clone) -> Self {
        let mut numbers = Numbers {
            values: Vec::new(),
            has_empty: false,
        };
        for cell in cells.clone() {
            match number(&cell) {
                Some(value) => numbers.values.push(value),
                None if cell.text.is_empty() => numbers.has_empty = true,
                None => return Self::Texts(Texts::of(cells)),
            }
        }
        match numbers.values.is_empty() {
            true => Self::Nothing,
            false => Self::Numbers(numbers),
        }
    }
}

fn number(cell: &Cell<'_>) -> Option<f64> {
    let value: f64 = cell.text.parse().ok()?;
    value.is_finite().then_some(value)
}

/// At least one finite number.
pub(super) struct Numbers {
    values: Vec<f64>,
    has_empty: bool,
}

impl Numbers {
    pub(super) fn is_constant(&self) -> bool {
        self.values
            .iter()
            .all(|value| self.values.first() == Some(value))
    }

    /// The column with offset and scale; none when these are beyond what a schema holds.
    pub(super) fn column(&self, name: Name, scaling: Scaling) -> Option<Column> {
        let (offset, scale, mean) = self.scaling(scaling)?;
        Some(Column {
            missing: self.has_empty.then_some(mean),
            ..Column::number(name, offset, scale)
        })
    }

    /// Offset, scale and mean.
    fn scaling(&self, scaling: Scaling) -> Option<(Decimal, Decimal, Decimal)> {
        if self.values.iter().any(|value| value.abs() > MAGNITUDE_MAX) {
            return None;
        }
        let first = *self.values.first()?;
        if self.is_constant() {
            let value = round::exact(first)?;
            return Some((value, Decimal::whole(1), value));
        }
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        let (offset, scale) = match scaling {
            Scaling::Standard => {
                let squares = self.values.iter().map(|value| (value - mean).powi(2));
                (mean, (squares.sum::<f64>() / (count - 1.0)).sqrt())
            }
            Scaling::Range => {
                let min = self.values.iter().copied().fold(first, f64::min);
                let max = self.values.iter().copied().fold(first, f64::max);
                ((min + max) / 2.0, (max - min) / 2.0)
            }
        };
        let (scale, place) = round::scale(scale)?;
        Some((
            round::at_place(offset, place)?,
            scale,
            round::at_place(mean, place)?,
        ))
    }
}

/// Texts, some of which may be numbers.
pub(super) struct Texts {
    distinct: BTreeSet<String>,
    cells: usize,
    has_empty: bool,
    /// Cells without a number, and the first of them.
    words: usize,
    first_word: Option<(u64, String)>,
}

impl Texts {
    pub(super) fn of<'a>(cells: impl Iterator<Item = Cell<'a>>) -> Self {
        let mut texts = Self {
            distinct: BTreeSet::new(),
            cells: 0,
            has_empty: false,
            words: 0,
            first_word: None,
        };
        for cell in cells {
            if cell.text.is_empty() {
                texts.has_empty = true;
                continue;
            }
            texts.cells += 1;
            if number(&cell).is_none() {
                texts.words += 1;
                let first = || (cell.row, cell.text.to_owned());
                texts.first_word.get_or_insert_with(first);
            }
            if !texts.distinct.contains(cell.text) {
                texts.distinct.insert(cell.text.to_owned());
            }
        }
        texts
    }

    /// The different texts: in the order of their numbers where all are numbers, else by letters. Numbers
    /// and Booleans are labels as Parquet has them.
    pub(super) fn labels(&self) -> Vec<String> {
        let value = |label: &String| label.parse::<f64>().ok();
        let written = self.distinct.iter();
        let meant: BTreeSet<String> = written.map(|text| canonical(text).into()).collect();
        let is_meant = meant.iter().all(|label| value(label).is_some())
            || meant
                .iter()
                .all(|label| label == "true" || label == "false");
        let labels = if is_meant { &meant } else { &self.distinct };
        let mut labels: Vec<String> = labels.iter().cloned().collect();
        if labels.iter().all(|label| value(label).is_some()) {
            labels.sort_by(|a, b| {
                let (a, b) = (value(a).unwrap_or_default(), value(b).unwrap_or_default());
                a.total_cmp(&b)
            });
        }
        labels
    }

    /// One feature per text, or why that is not sensible.
    pub(super) fn features(&self, name: &Name) -> Result<Vec<Column>, Reason> {
        let different = self.distinct.len();
        // A text per row names the row: an identifier says nothing of other rows.
        let is_identifier = different == self.cells && different > 2;
        if different > LABELS_MAX || is_identifier {
            return Err(self.mostly_numbers().unwrap_or(Reason::Texts { different }));
        }
        let labels = self.labels().into_iter();
        labels
            .map(|label| {
                let label = label.parse().map_err(|_| Reason::Label { label })?;
                Ok(Column {
                    label: Some(label),
                    missing: self.has_empty.then_some(Decimal::whole(0)),
                    ..Column::number(name.clone(), Decimal::whole(0), Decimal::whole(1))
                })
            })
            .collect()
    }

    fn mostly_numbers(&self) -> Option<Reason> {
        let (row, cell) = self.first_word.clone()?;
        (self.words < self.cells).then_some(Reason::Words {
            words: self.words,
            cells: self.cells,
            row,
            cell,
        })
    }

    /// A remark where numbers became labels because of some words.
    pub(super) fn mixed(&self) -> Option<Reason> {
        let (row, cell) = self.first_word.clone()?;
        (self.words < self.cells).then_some(Reason::Mixed { row, cell })
    }
}
