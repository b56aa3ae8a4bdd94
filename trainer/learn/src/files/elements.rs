//! Bytes of elements, whatever their alignment.

/// The numbers in `data`, of `SIZE` bytes each; none where bytes are left over.
pub(super) fn decoded<const SIZE: usize>(
    data: &[u8],
    element: impl Fn([u8; SIZE]) -> f64,
) -> Option<Vec<f64>> {
    let (elements, rest) = data.as_chunks();
    let numbers = elements.iter().map(|bytes| element(*bytes));
    rest.is_empty().then(|| numbers.collect())
}
