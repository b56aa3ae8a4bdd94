//! Fixed point against exact integer arithmetic.

use fedchain_fl::{Format, Width, number::div_round_half_even};
use proptest::prelude::*;

use crate::{LearnError, dequantise, quantise};

proptest! {
    /// A weight `n / 2^(frac_bits + extra_bits)` is exact in `f64`, so integers give the answer.
    #[test]
    fn rounds_as_the_protocol_does(
        numerator in -(1i64 << 40)..(1i64 << 40),
        frac_bits in 0u8..=30,
        extra_bits in 9i32..=20,
    ) {
        let format = Format { frac_bits, width: Width::I32 };
        let weight = numerator as f64 * 0.5f64.powi(i32::from(frac_bits) + extra_bits);
        let expected = div_round_half_even(numerator, 1 << extra_bits).unwrap();
        prop_assert_eq!(quantise(&[weight], format), Ok(vec![i32::try_from(expected).unwrap()]));
    }

    #[test]
    fn values_survive_the_way_to_weights_and_back(
        values in prop::collection::vec(any::<i32>(), 0..20),
        frac_bits in 0u8..=30,
    ) {
        let format = Format { frac_bits, width: Width::I32 };
        prop_assert_eq!(quantise(&dequantise(&values, format), format), Ok(values));
    }
}

#[test]
fn ties_go_to_even() {
    let format = Format {
        frac_bits: 1,
        width: Width::I32,
    };
    let weights = [0.25, 0.75, 1.25, -0.25, -0.75, -1.25];
    assert_eq!(quantise(&weights, format).unwrap(), [0, 2, 2, 0, -2, -2]);
}

#[test]
fn the_limits_of_the_width_are_inclusive() {
    let format = Format {
        frac_bits: 8,
        width: Width::I16,
    };
    assert_eq!(
        quantise(&[-128.0, 127.99609375], format).unwrap(),
        [-32_768, 32_767]
    );
    assert_eq!(
        quantise(&[0.0, 128.0], format),
        Err(LearnError::OutOfRange {
            index: 1,
            value: 128.0,
            min: -128.0,
            max: 127.99609375
        })
    );
    assert!(quantise(&[f64::NAN], format).is_err());
    assert!(quantise(&[f64::NEG_INFINITY], Format::default()).is_err());
}
