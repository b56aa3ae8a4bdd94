//! Packed lower triangles: row by row, row i with i + 1 entries.

/// Whether an entry is on the diagonal.
pub(super) const fn is_diagonal(index: u32) -> bool {
    // The last entry of row i has index (i + 1)(i + 2) / 2 - 1.
    let square = 8u64.saturating_mul(index as u64).saturating_add(9);
    let root = square.isqrt();
    root.saturating_mul(root) == square
}

/// The rows of a triangle.
pub(super) fn rows(packed: &[i64]) -> impl Iterator<Item = &[i64]> {
    let (mut rest, mut length) = (packed, 0usize);
    core::iter::from_fn(move || {
        length = length.saturating_add(1);
        let (row, others) = rest.split_at_checked(length)?;
        rest = others;
        Some(row)
    })
}
