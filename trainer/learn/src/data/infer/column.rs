//! What the cells of one column hold, and the features that they can be.

use std::collections::BTreeSet;

use fedchain_fl::{Column, Decimal, Name};

use super::{LABELS_MAX, Reason, Scaling, round};
use crate::data::decorated;
use crate::{
    data::{Cell, alike, cell::canonical, missing, nearest},
    moments,
};

/// Numbers beyond are left alone: the squares of smaller ones add up.
const MAGNITUDE_MAX: f64 = 1e100;

/// Scales between the mean and the number furthest from it, at most: a certified regression takes less
/// than 8, and both offset and scale are rounded.
const REACH: f64 = 7.5;

/// Rows from which on whole numbers do not all differ by chance.
const NAMED_ROWS_MIN: usize = 10;

/// Different whole numbers that may be meant as classes.
const FEW_MAX: usize = 10;

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

    /// Whether each row has a whole number of its own, as rows are numbered.
    pub(super) fn name_rows(&self) -> bool {
        let rows = self.values.len();
        rows >= NAMED_ROWS_MIN && !self.has_empty && self.different_wholes() == Some(rows)
    }

    /// How many whole numbers there are, where they are few and come again and again, as classes do.
    pub(super) fn few(&self) -> Option<usize> {
        let different = self.different_wholes()?;
        let come_again = self.values.len() >= 2 * different;
        ((2..=FEW_MAX).contains(&different) && come_again).then_some(different)
    }

    /// How many different numbers there are, where all are whole.
    fn different_wholes(&self) -> Option<usize> {
        if self.values.iter().any(|value| value.fract() != 0.0) {
            return None;
        }
        let mut different = self.values.clone();
        different.sort_by(f64::total_cmp);
        different.dedup();
        Some(different.len())
    }

    /// The column with offset and scale, and a remark on its numbers; none when these are beyond what a
    /// schema holds. Where they `must_fit`, a certified regression takes all of them.
    pub(super) fn column(
        &self,
        name: Name,
        scaling: Scaling,
        must_fit: bool,
    ) -> Option<(Column, Option<Reason>)> {
        let Scaled {
            offset,
            scale,
            mean,
            far,
        } = self.scaling(scaling, must_fit)?;
        let is_near = |value: &f64| {
            let scaled = (value - nearest(offset)) / nearest(scale);
            moments::quantise(scaled).is_some()
        };
        let column = Column {
            missing: self.has_empty.then_some(mean),
            ..Column::number(name, offset, scale)
        };
        let far = far.map(|value| Reason::Far { value });
        let fits = !must_fit || self.values.iter().all(is_near);
        fits.then_some((column, far))
    }

    fn scaling(&self, scaling: Scaling, must_fit: bool) -> Option<Scaled> {
        if self.values.iter().any(|value| value.abs() > MAGNITUDE_MAX) {
            return None;
        }
        let first = *self.values.first()?;
        if self.is_constant() {
            let value = round::exact(first)?;
            return Some(Scaled::as_it_is(value, value));
        }
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        match scaling {
            Scaling::Standard if self.values.iter().all(|value| [0.0, 1.0].contains(value)) => {
                let mean = round::at_place(mean, -2)?;
                Some(Scaled::as_it_is(Decimal::whole(0), mean))
            }
            Scaling::Standard => {
                let squares = self.values.iter().map(|value| (value - mean).powi(2));
                let deviation = (squares.sum::<f64>() / (count - 1.0)).sqrt();
                let distances = self.values.iter().map(|value| (value - mean).abs());
                let furthest = distances.zip(&self.values);
                let (distance, value) = furthest.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
                let (scale, place) = round::scale(deviation)?;
                match must_fit && distance > REACH * nearest(scale) {
                    false => Scaled::around(mean, mean, (scale, place)),
                    true => Some(Scaled {
                        far: Some(*value),
                        ..Scaled::around(mean, mean, round::scale(distance / REACH)?)?
                    }),
                }
            }
            Scaling::Range => {
                let min = self.values.iter().copied().fold(first, f64::min);
                let max = self.values.iter().copied().fold(first, f64::max);
                Scaled::around((min + max) / 2.0, mean, round::scale((max - min) / 2.0)?)
            }
        }
    }
}

/// Where numbers lie.
struct Scaled {
    offset: Decimal,
    scale: Decimal,
    mean: Decimal,
    /// A number so far from the others that the scale is larger for it.
    far: Option<f64>,
}

impl Scaled {
    fn as_it_is(offset: Decimal, mean: Decimal) -> Self {
        Self {
            offset,
            scale: Decimal::whole(1),
            mean,
            far: None,
        }
    }

    /// With offset and mean as exact as the scale.
    fn around(offset: f64, mean: f64, (scale, place): (Decimal, i32)) -> Option<Self> {
        Some(Self {
            offset: round::at_place(offset, place)?,
            scale,
            mean: round::at_place(mean, place)?,
            far: None,
        })
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
    /// The first cell that most likely says that it has no value.
    first_missing: Option<(u64, String)>,
    /// The first cell that holds a number as people write it.
    first_decorated: Option<(u64, String)>,
}

impl Texts {
    pub(super) fn of<'a>(cells: impl Iterator<Item = Cell<'a>>) -> Self {
        let mut texts = Self {
            distinct: BTreeSet::new(),
            cells: 0,
            has_empty: false,
            words: 0,
            first_word: None,
            first_missing: None,
            first_decorated: None,
        };
        for cell in cells {
            if cell.text.is_empty() {
                texts.has_empty = true;
                continue;
            }
            texts.cells += 1;
            if number(&cell).is_none() {
                texts.word(&cell);
            }
            if !texts.distinct.contains(cell.text) {
                texts.distinct.insert(cell.text.to_owned());
            }
        }
        texts
    }

    /// Takes in a cell without a number.
    fn word(&mut self, cell: &Cell<'_>) {
        let place = || (cell.row, cell.text.to_owned());
        self.words += 1;
        self.first_word.get_or_insert_with(place);
        if missing::is_word(cell.text) {
            self.first_missing.get_or_insert_with(place);
        } else if decorated::plain(cell.text).is_some() {
            self.first_decorated.get_or_insert_with(place);
        }
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
            let as_numbers = self.numbers_for_people(false);
            let reason = as_numbers.or_else(|| self.mostly_numbers());
            return Err(reason.unwrap_or(Reason::Texts { different }));
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

    /// A remark where all texts are numbers as people write them, some of which may be missing.
    pub(super) fn numbers_for_people(&self, is_kept: bool) -> Option<Reason> {
        let (row, cell) = self.first_decorated.clone()?;
        let is_number = |text: &String| {
            missing::is_word(text)
                || text.parse::<f64>().is_ok()
                || decorated::plain(text).is_some()
        };
        let plain = decorated::plain(&cell)?;
        self.distinct
            .iter()
            .all(is_number)
            .then_some(Reason::Decorated {
                is_kept,
                row,
                cell,
                plain,
            })
    }

    /// A remark on texts that become labels: numbers among them, or a word that may mean that there is
    /// no value, unless it is known which words do.
    pub(super) fn odd_word(&self, are_missing_known: bool) -> Option<Reason> {
        let mixed = || {
            let (row, cell) = self.first_word.clone()?;
            (self.words < self.cells).then_some(Reason::Mixed { row, cell })
        };
        let missing = || {
            let (row, cell) = self.first_missing.clone()?;
            (!are_missing_known).then_some(Reason::MissingWord { row, cell })
        };
        let as_numbers = self.numbers_for_people(true);
        as_numbers.or_else(mixed).or_else(missing)
    }

    /// A remark on labels that most likely mean the same.
    pub(super) fn alike(&self) -> Option<Reason> {
        let groups = alike::groups(self.labels().iter());
        (!groups.is_empty()).then_some(Reason::Alike { groups })
    }

    /// The different words that most likely say that there is no value.
    pub(super) fn missing_words(&self) -> Vec<String> {
        let words = self.distinct.iter().filter(|text| missing::is_word(text));
        words.cloned().collect()
    }
}
