//! Second moments of rows.

use alloc::{vec, vec::Vec};

use fedchain_fl::Shape;

use super::{Error, triangle::is_diagonal};

/// Fractional bits of a row's values and targets.
pub const ROW_BITS: u32 = 12;
/// A row's values and targets are below this in size: 8 in real numbers.
pub const ROW_MAX: i16 = i16::MAX;
/// Rows of all clients, at most.
pub const ROWS_MAX: u32 = 1 << 30;

/// What the column of ones holds.
const ONE: i16 = 1 << ROW_BITS;
/// Fractional bits of a moment; a moment of n rows is at most `n << MOMENT_MAX_BITS`.
pub(super) const MOMENT_MAX_BITS: u32 = 30;

/// Second moments of some rows, or the sum of those of several clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moments {
    shape: Shape,
    pub(super) rows: u32,
    /// A packed, then b.
    pub(super) values: Vec<i64>,
}

impl Moments {
    /// Those of no rows.
    pub fn zero(shape: Shape) -> Self {
        Self {
            shape,
            rows: 0,
            values: vec![0; shape.moments() as usize],
        }
    }

    /// From the numbers of a client with so many rows: A packed, then b.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Moment`] or [`Error::Rows`].
    pub fn new(shape: Shape, rows: u32, values: Vec<i64>) -> Result<Self, Error> {
        if values.len() != shape.moments() as usize {
            return Err(Error::Length {
                needed: shape.moment_bytes(),
            });
        }
        let moments = Self {
            shape,
            rows,
            values,
        };
        moments.check()?;
        Ok(moments)
    }

    /// From the canonical bytes of the same numbers, little-endian.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn decode(shape: Shape, rows: u32, bytes: &[u8]) -> Result<Self, Error> {
        let needed = shape.moment_bytes();
        if bytes.len() != needed as usize {
            return Err(Error::Length { needed });
        }
        let words = bytes.as_chunks::<8>().0.iter();
        Self::new(
            shape,
            rows,
            words.map(|bytes| i64::from_le_bytes(*bytes)).collect(),
        )
    }

    /// Canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Adds a row: its values, `[features]`, and its target, in units of 2^-12.
    ///
    /// # Errors
    /// [`Error::TooManyRows`]; nothing changed then.
    pub fn add_row(&mut self, values: &[i16], target: i16) -> Result<(), Error> {
        self.rows = self.more_rows(1)?;
        let with_one = || values.iter().copied().chain([ONE]);
        let triangle = with_one().enumerate().flat_map(|(place, value)| {
            let left = with_one().take(place.saturating_add(1));
            left.map(move |other| (value, other))
        });
        let products = triangle.chain(with_one().map(|value| (value, target)));
        for (sum, (a, b)) in self.values.iter_mut().zip(products) {
            *sum = sum.wrapping_add(i64::from(a).wrapping_mul(b.into()));
        }
        Ok(())
    }

    /// Adds another client's moments of the same shape.
    ///
    /// # Errors
    /// [`Error::TooManyRows`]; nothing changed then.
    pub fn add(&mut self, other: &Self) -> Result<(), Error> {
        self.rows = self.more_rows(other.rows)?;
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum = sum.wrapping_add(*value);
        }
        Ok(())
    }

    /// Takes a client's moments, which were added before, out of the sum.
    ///
    /// # Errors
    /// [`Error::Rows`] when the sum has fewer rows; nothing changed then.
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.rows = self.rows.checked_sub(other.rows).ok_or(Error::Rows)?;
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum = sum.wrapping_sub(*value);
        }
        Ok(())
    }

    fn more_rows(&self, more: u32) -> Result<u32, Error> {
        let rows = self.rows.checked_add(more).ok_or(Error::TooManyRows)?;
        match rows <= ROWS_MAX {
            true => Ok(rows),
            false => Err(Error::TooManyRows),
        }
    }

    /// Whether the numbers are possible for so many rows. Sums of possible moments are.
    ///
    /// # Errors
    /// [`Error::TooManyRows`], [`Error::Moment`] or [`Error::Rows`].
    pub fn check(&self) -> Result<(), Error> {
        if !(1..=ROWS_MAX).contains(&self.rows) {
            return Err(Error::TooManyRows);
        }
        let most = u64::from(self.rows) << MOMENT_MAX_BITS;
        for (index, value) in (0..).zip(&self.values) {
            let is_square = index < self.shape.squares() && is_diagonal(index);
            if value.unsigned_abs() > most || (is_square && *value < 0) {
                return Err(Error::Moment { index });
            }
        }
        let ones = i64::from(self.rows) << (2 * ROW_BITS);
        match self.squares().last() == Some(&ones) {
            true => Ok(()),
            false => Err(Error::Rows),
        }
    }

    /// How many numbers there are.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The numbers: A packed, then b; 2^-24.
    pub fn into_values(self) -> Vec<i64> {
        self.values
    }

    /// A, packed, 2^-24.
    pub fn squares(&self) -> &[i64] {
        let (squares, _) = self.split();
        squares
    }

    /// b, `[features + 1]`, 2^-24.
    pub fn products(&self) -> &[i64] {
        let (_, products) = self.split();
        products
    }

    fn split(&self) -> (&[i64], &[i64]) {
        let at = self.shape.squares() as usize;
        self.values.split_at_checked(at).unwrap_or_default()
    }
}
