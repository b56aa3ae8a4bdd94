//! Between real weights and the federation's fixed point.

use fedchain_fl::Format;

use crate::LearnError;

/// The fixed-point values nearest to `weights`, ties to even.
///
/// # Errors
/// [`LearnError::OutOfRange`] for the first weight that does not fit the format.
///
/// ```
/// use fedchain_fl::Format;
/// use fedchain_learn::{dequantise, quantise};
/// let format = Format::default();
/// assert_eq!(quantise(&[0.5, -1.25], format)?, [32_768, -81_920]);
/// assert_eq!(dequantise(&[32_768, -81_920], format), [0.5, -1.25]);
/// # Ok::<(), fedchain_learn::LearnError>(())
/// ```
pub fn quantise(weights: &[f64], format: Format) -> Result<Vec<i32>, LearnError> {
    let unit = unit(format);
    let (min, max) = format.range();
    let (min, max) = (f64::from(min), f64::from(max));
    (0..)
        .zip(weights)
        .map(|(index, weight)| {
            // Exact: the unit is a power of two.
            let value = (weight / unit).round_ties_even();
            if (min..=max).contains(&value) {
                Ok(value as i32)
            } else {
                let (min, max) = (min * unit, max * unit);
                Err(LearnError::OutOfRange {
                    index,
                    value: *weight,
                    min,
                    max,
                })
            }
        })
        .collect()
}

/// The real weights that `values` stand for; exact.
pub fn dequantise(values: &[i32], format: Format) -> Vec<f64> {
    values
        .iter()
        .map(|value| f64::from(*value) * unit(format))
        .collect()
}

/// What the fixed-point value 1 stands for.
fn unit(format: Format) -> f64 {
    0.5f64.powi(format.frac_bits.into())
}
