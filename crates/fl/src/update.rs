//! Updates: unchecked bytes, checked values, and their distance to the base model.

use alloc::vec::Vec;

use crate::{Error, TaskSpec};

/// An update as it came: canonical bytes of its values, in the federation's width.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a>(pub &'a [u8]);

/// The values of an update whose length fits the model, `[param_count]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedUpdate(Vec<i32>);

impl Update<'_> {
    /// Checks the length, then decodes.
    ///
    /// # Errors
    /// [`Error::Length`] when the bytes are not exactly one model.
    pub fn check(self, task: &TaskSpec) -> Result<CheckedUpdate, Error> {
        let expected = task.update_bytes()?;
        let found = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        if found != expected {
            return Err(Error::Length { expected, found });
        }
        Ok(CheckedUpdate(task.format.decode(self.0)))
    }
}

impl CheckedUpdate {
    /// The values, `[param_count]`, `i32` at scale `2^-frac_bits`.
    pub fn values(&self) -> &[i32] {
        &self.0
    }

    /// Whether the Euclidean norm of (update - base) is at most `norm_max`, all three at scale
    /// `2^-frac_bits`. Exact: squares are compared.
    pub fn is_within(&self, base: &[i32], norm_max: u64) -> bool {
        squared_distance(&self.0, base) <= u128::from(norm_max).saturating_mul(norm_max.into())
    }
}

/// Sum of the squared differences. At most 2^18 squares below 2^64: no overflow.
fn squared_distance(a: &[i32], b: &[i32]) -> u128 {
    a.iter().zip(b).fold(0u128, |sum, (a, b)| {
        let difference = u128::from(a.abs_diff(*b));
        sum.saturating_add(difference.saturating_mul(difference))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_norm_bound_is_exact() {
        let update = CheckedUpdate(vec![3, -4, 7]);
        assert!(update.is_within(&[0, 0, 7], 5));
        assert!(!update.is_within(&[0, 0, 7], 4));
        let extreme = CheckedUpdate(vec![i32::MIN]);
        assert!(extreme.is_within(&[i32::MAX], u64::from(u32::MAX)));
        assert!(!extreme.is_within(&[i32::MAX], u64::from(u32::MAX) - 1));
    }
}
