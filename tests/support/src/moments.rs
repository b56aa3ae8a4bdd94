//! Second moments of a certified regression that no rows have.

use fedchain_fl::Shape;

/// Canonical bytes of moments of so many rows that nobody has: the first column is always zero, and yet its
/// `product` with the second, in units of 2^-24, is not. The check at the reveal does not notice.
pub fn impossible_moments(shape: Shape, rows: u32, product: i64) -> Vec<u8> {
    let mut values = vec![];
    for row in 0..shape.weights() {
        values.extend((0..row).map(|_| 0i64));
        values.push(i64::from(rows) << 24);
    }
    values.resize(shape.moments() as usize, 0);
    values[0] = 0;
    values[1] = product;
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
