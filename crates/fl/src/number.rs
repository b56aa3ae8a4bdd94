//! Fixed-point numbers: weights are `i32` at scale `2^-frac_bits`.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Error,
    limits::{CHUNK_BYTES, FRAC_BITS_MAX},
};

/// Bytes of one value on the wire and in storage.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Width {
    /// Two bytes, little-endian.
    I16,
    /// Four bytes, little-endian.
    I32,
}

/// The number format of a federation.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
pub struct Format {
    /// A weight `w` stands for the real number `w * 2^-frac_bits`.
    pub frac_bits: u8,
    /// Width on the wire.
    pub width: Width,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            frac_bits: 16,
            width: Width::I32,
        }
    }
}

impl Format {
    /// Whether the format is usable.
    ///
    /// # Errors
    /// [`Error::FracBits`] when no bit would be left for the whole part.
    pub fn check(&self) -> Result<(), Error> {
        let max = match self.width {
            Width::I16 => 14,
            Width::I32 => FRAC_BITS_MAX,
        };
        if self.frac_bits > max {
            return Err(Error::FracBits {
                found: self.frac_bits,
                max,
            });
        }
        Ok(())
    }

    /// Smallest and largest value that the width holds.
    pub const fn range(&self) -> (i32, i32) {
        match self.width {
            Width::I16 => (i16::MIN as i32, i16::MAX as i32),
            Width::I32 => (i32::MIN, i32::MAX),
        }
    }

    /// Bytes of one value.
    pub const fn value_bytes(&self) -> u32 {
        match self.width {
            Width::I16 => 2,
            Width::I32 => 4,
        }
    }

    /// Values in one full chunk of [`CHUNK_BYTES`].
    pub const fn chunk_values(&self) -> u32 {
        match self.width {
            Width::I16 => CHUNK_BYTES / 2,
            Width::I32 => CHUNK_BYTES / 4,
        }
    }

    /// Canonical bytes of `values`, little-endian, in order.
    ///
    /// # Errors
    /// [`Error::Overflow`] when a value does not fit the width.
    pub fn encode(&self, values: &[i32]) -> Result<Vec<u8>, Error> {
        match self.width {
            Width::I32 => Ok(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Width::I16 => {
                let mut bytes = Vec::with_capacity(values.len().saturating_mul(2));
                for value in values {
                    let narrow = i16::try_from(*value).map_err(|_| Error::Overflow)?;
                    bytes.extend_from_slice(&narrow.to_le_bytes());
                }
                Ok(bytes)
            }
        }
    }

    /// The values of canonical `bytes`; a trailing part of a value is ignored, lengths are checked
    /// by [`crate::Update::check_part`].
    pub fn decode(&self, bytes: &[u8]) -> Vec<i32> {
        match self.width {
            Width::I16 => bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|b| i16::from_le_bytes(*b).into())
                .collect(),
            Width::I32 => bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| i32::from_le_bytes(*b))
                .collect(),
        }
    }
}

/// `numerator / denominator`, rounded to nearest, ties to the even neighbour.
///
/// `None` when the denominator is not positive or the quotient overflows.
pub fn div_round_half_even(numerator: i64, denominator: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let floor = numerator.checked_div_euclid(denominator)?;
    let rest = numerator.checked_rem_euclid(denominator)?;
    let up = match rest.cmp(&denominator.checked_sub(rest)?) {
        core::cmp::Ordering::Less => false,
        core::cmp::Ordering::Equal => floor & 1 == 1,
        core::cmp::Ordering::Greater => true,
    };
    floor.checked_add(up.into())
}

/// The mean of values that sum to `sum`, `count` in number or in weight, rounded half to even; zero of
/// none.
///
/// The sum must lie within `count` times the range of an `i32`; every such sum takes the same steps.
pub fn mean(sum: i64, count: u32) -> i32 {
    let count = u64::from(count);
    // From the smallest possible sum up, to divide no negative number.
    let above = sum.wrapping_add_unsigned(count << 31) as u64;
    let floor = above.checked_div(count).unwrap_or(1 << 31);
    let rest = above.wrapping_sub(floor.wrapping_mul(count));
    let twice = rest.wrapping_mul(2);
    let is_up = (twice > count) | ((twice == count) & (floor & 1 == 1));
    floor.wrapping_add(is_up.into()).wrapping_sub(1 << 31) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_even() {
        for (n, d, expected) in [
            (5, 2, 2),
            (7, 2, 4),
            (-5, 2, -2),
            (-7, 2, -4),
            (1, 3, 0),
            (2, 3, 1),
            (-2, 3, -1),
            (0, 9, 0),
        ] {
            assert_eq!(div_round_half_even(n, d), Some(expected), "{n}/{d}");
        }
        assert_eq!(div_round_half_even(1, 0), None);
        assert_eq!(div_round_half_even(i64::MIN, 1), Some(i64::MIN));
    }

    proptest! {
        #[test]
        fn a_mean_is_the_rounded_quotient(
            count in prop_oneof![1..9u32, any::<u32>()],
            value in prop_oneof![-9..9i32, any::<i32>()],
            rest in any::<u32>(),
        ) {
            let exact = i64::from(count).checked_mul(value.into()).unwrap();
            let sum = exact + i64::from(rest % count.max(1)) * i64::from(value < i32::MAX);
            let expected = div_round_half_even(sum, count.into()).unwrap_or(0);
            prop_assert_eq!(i64::from(mean(sum, count)), expected);
        }
    }

    #[test]
    fn a_mean_of_extremes_is_in_range() {
        for count in [1, 2, 3, 1 << 30, u32::MAX] {
            for value in [i32::MIN, i32::MAX, 0, -1] {
                assert_eq!(mean(i64::from(value) * i64::from(count), count), value);
            }
        }
        assert_eq!(mean(0, 0), 0);
    }

    #[test]
    fn narrow_values_are_checked() {
        let format = Format {
            frac_bits: 8,
            width: Width::I16,
        };
        assert_eq!(format.encode(&[1, -2]), Ok(vec![1, 0, 254, 255]));
        assert_eq!(format.decode(&[1, 0, 254, 255]), vec![1, -2]);
        assert_eq!(format.encode(&[40_000]), Err(Error::Overflow));
    }
}
