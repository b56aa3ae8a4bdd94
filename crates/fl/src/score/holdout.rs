//! Holdout rows: features and target of each, and their canonical bytes.

use alloc::vec::Vec;
use core::array;

use super::{
    Error,
    dot::{Batch, LANES},
};
use crate::{
    Target, TaskSpec,
    limits::{CHUNK_BYTES, HOLDOUT_BYTES_MAX, HOLDOUT_ROWS_MAX},
};

/// Bytes of one value.
const VALUE_BYTES: usize = size_of::<i32>();

/// What a task says of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Features.
    inputs: usize,
    /// Classes of the target; none of a real one.
    classes: Option<u32>,
}

impl Layout {
    /// That of the task's rows.
    pub(super) fn of(task: &TaskSpec) -> Self {
        let target = &task.schema.target;
        Self {
            inputs: task.schema.features.len(),
            classes: match target {
                Target::Real(_) => None,
                Target::Classes { .. } => Some(target.outputs()),
            },
        }
    }

    /// Values of one row, its target included: at least one.
    const fn row_values(self) -> usize {
        self.inputs.saturating_add(1)
    }

    /// Bytes of one row.
    const fn row_bytes(self) -> usize {
        self.row_values().saturating_mul(VALUE_BYTES)
    }

    /// Rows that a holdout may have.
    fn rows_max(self) -> u32 {
        let bytes = u32::try_from(self.row_bytes()).unwrap_or(u32::MAX);
        HOLDOUT_BYTES_MAX
            .checked_div(bytes)
            .unwrap_or(0)
            .min(HOLDOUT_ROWS_MAX)
    }

    /// Checks that `found` values or bytes are 1 to [`Self::rows_max`] whole rows of `row` each.
    fn check_length(self, found: usize, row: usize) -> Result<(), Error> {
        let (rows, most) = (found.div_ceil(row), self.rows_max());
        if rows > most as usize {
            return Err(Error::HoldoutSize { rows, most });
        }
        if found == 0 || !found.is_multiple_of(row) {
            return Err(Error::HoldoutLength { found, row });
        }
        Ok(())
    }

    /// Checks the classes among values, of which the first is at `place` of a holdout.
    fn check_classes(self, place: usize, values: impl Iterator<Item = i32>) -> Result<(), Error> {
        let Some(classes) = self.classes else {
            return Ok(());
        };
        let row_values = self.row_values();
        let (row, column) = (
            place.checked_div(row_values).unwrap_or(0),
            place.checked_rem(row_values).unwrap_or(0),
        );
        // Targets are last in their rows.
        let targets = values
            .skip(self.inputs.saturating_sub(column))
            .step_by(row_values);
        let is_class = |found: i32| u32::try_from(found).is_ok_and(|class| class < classes);
        match (row..).zip(targets).find(|(_, found)| !is_class(*found)) {
            None => Ok(()),
            Some((row, found)) => Err(Error::Class {
                row: u32::try_from(row).unwrap_or(u32::MAX),
                found,
                classes,
            }),
        }
    }
}

/// Values of canonical bytes.
fn decode(bytes: &[u8]) -> impl Iterator<Item = i32> {
    bytes.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b))
}

/// Rows on which models are measured, checked against a task: 1 to [`HOLDOUT_ROWS_MAX`].
///
/// A row is its features `[inputs]`, in the order of the schema and normalised by it, then its target;
/// all `i32`. Features and a real target have scale 2^-16 ([`super::FEATURE_FRAC_BITS`]); a target of
/// classes is the place of its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdout {
    layout: Layout,
    /// `[rows, inputs + 1]`
    values: Vec<i32>,
}

impl Holdout {
    /// The rows of `values`, `[rows, inputs + 1]`.
    ///
    /// # Errors
    /// [`Error::HoldoutSize`], [`Error::HoldoutLength`], [`Error::Class`].
    pub fn new(task: &TaskSpec, values: Vec<i32>) -> Result<Self, Error> {
        let layout = Layout::of(task);
        layout.check_length(values.len(), layout.row_values())?;
        layout.check_classes(0, values.iter().copied())?;
        Ok(Self { layout, values })
    }

    /// The rows of canonical `bytes`: each value in four bytes, little-endian, in order. Lengths are
    /// checked before anything is allocated.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn decode(task: &TaskSpec, bytes: &[u8]) -> Result<Self, Error> {
        let layout = Layout::of(task);
        layout.check_length(bytes.len(), layout.row_bytes())?;
        Self::new(task, decode(bytes).collect())
    }

    /// Checks the classes in a part of a holdout, canonical bytes of whole values from chunk `first` on:
    /// parts that all pass are a holdout, when their lengths are.
    ///
    /// # Errors
    /// [`Error::Class`].
    pub fn check_part(task: &TaskSpec, first: u32, bytes: &[u8]) -> Result<(), Error> {
        let place = (first as usize).saturating_mul(CHUNK_BYTES as usize / VALUE_BYTES);
        Layout::of(task).check_classes(place, decode(bytes))
    }

    /// Canonical bytes of the rows.
    pub fn encode(&self) -> Vec<u8> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Bytes of a holdout of so many rows.
    pub fn bytes(task: &TaskSpec, rows: u32) -> u32 {
        let row_bytes = u32::try_from(Layout::of(task).row_bytes()).unwrap_or(u32::MAX);
        row_bytes.saturating_mul(rows)
    }

    /// Rows that a holdout of this task may have.
    pub fn rows_max(task: &TaskSpec) -> u32 {
        Layout::of(task).rows_max()
    }

    /// Number of rows.
    pub fn rows(&self) -> u32 {
        // At most `HOLDOUT_ROWS_MAX`.
        self.values.chunks_exact(self.layout.row_values()).len() as u32
    }

    pub(super) const fn layout(&self) -> Layout {
        self.layout
    }

    /// The rows, [`LANES`] at a time; fewer at the end.
    pub(super) fn batches(&self) -> impl Iterator<Item = Rows<'_>> {
        let row_values = self.layout.row_values();
        let batch_values = row_values.saturating_mul(LANES);
        self.values
            .chunks(batch_values)
            .map(move |values| Rows { values, row_values })
    }
}

/// Some rows of a holdout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// `[rows, row_values]`
    values: &'a [i32],
    row_values: usize,
}

impl<'a> Rows<'a> {
    /// Features and target of each row.
    fn split(self) -> impl Iterator<Item = (i32, &'a [i32])> {
        self.values
            .chunks_exact(self.row_values)
            .filter_map(|row| row.split_last())
            .map(|(target, features)| (*target, features))
    }

    /// The targets, `[rows]`.
    pub(super) fn targets(self) -> impl Iterator<Item = i32> {
        self.split().map(|(target, _)| target)
    }

    /// Turns the features to `[inputs, LANES]`; zeros fill lanes without a row.
    pub(super) fn lay_out(self, batch: &mut Batch) {
        let mut rows = self.split().map(|(_, features)| features.iter().copied());
        let mut lanes: [_; LANES] = array::from_fn(|_| rows.next().unwrap_or_default());
        let inputs = self.row_values.saturating_sub(1);
        batch.clear();
        batch.extend((0..inputs).map(|_| lanes.each_mut().map(|row| row.next().unwrap_or(0))));
    }
}
