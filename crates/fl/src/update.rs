//! Updates: unchecked bytes and checked values.

use alloc::vec::Vec;

use crate::{
    Error, TaskSpec,
    limits::{CHUNK_BYTES, PART_BYTES_MAX},
};

/// A part of an update as it came: canonical bytes of its values, in the federation's width.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a>(pub &'a [u8]);

/// The values of a part that fits its place in the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedUpdate(Vec<i32>);

impl Update<'_> {
    /// Checks that the bytes are 1 to 16 whole chunks from chunk `first` on, or end where the model
    /// ends; then decodes.
    ///
    /// # Errors
    /// [`Error::Part`] when they are not.
    pub fn check_part(self, task: &TaskSpec, first: u32) -> Result<CheckedUpdate, Error> {
        check_place(task.model_bytes()?, first, self.0)?;
        Ok(CheckedUpdate(task.format.decode(self.0)))
    }
}

/// Checks that the bytes are 1 to 16 whole chunks of `total` bytes from chunk `first` on, or end where
/// these end.
///
/// # Errors
/// [`Error::Part`] when they are not.
pub fn check_place(total: u32, first: u32, part: &[u8]) -> Result<(), Error> {
    let (total, bytes) = (u64::from(total), part.len() as u64);
    let start = u64::from(first).saturating_mul(CHUNK_BYTES.into());
    let end = start.saturating_add(bytes);
    let is_whole = bytes.is_multiple_of(CHUNK_BYTES.into()) && end < total;
    if bytes == 0 || bytes > PART_BYTES_MAX.into() || !(is_whole || end == total) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        return Err(Error::Part { first, bytes });
    }
    Ok(())
}

impl CheckedUpdate {
    /// The values, `i32` at scale `2^-frac_bits`.
    pub fn values(&self) -> &[i32] {
        &self.0
    }
}
