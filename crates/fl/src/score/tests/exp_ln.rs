//! Exponential and logarithm against those of `f64`.

use super::super::exp_ln::{exp_neg, ln};
use proptest::prelude::*;

const ONE: u64 = 1 << 48;

fn real(fixed: u64, bits: i32) -> f64 {
    fixed as f64 * 2f64.powi(-bits)
}

#[test]
fn ends_are_exact() {
    assert_eq!(exp_neg(0), ONE);
    for x in [34 << 16, 64 << 16, (64 << 16) + 1, u32::MAX] {
        assert_eq!(exp_neg(x), 0, "{x}");
    }
    assert_eq!(ln(ONE), 0);
    assert_eq!([ln(0), ln(1), ln(ONE - 1)], [0; 3]);
}

/// Computed by another implementation of the same formulas.
#[test]
fn is_pinned() {
    for (x, expected) in [
        (1, 281_470_681_874_432),
        (45_425, 140_739_836_968_960),
        (65_536, 103_548_857_188_352),
        (134_619, 36_086_564_700_160),
        (1_048_576, 31_675_835),
        (2_000_000, 15),
    ] {
        assert_eq!(
            exp_neg(x),
            expected,
            "changing exp(-{x}) changes the protocol"
        );
    }
    for (s, expected) in [
        (281_476_050_452_480, 16_382),
        (562_949_953_421_311, 2_977_044_470),
        (844_424_930_131_968, 4_718_503_850),
        (2_251_799_813_685_248, 8_931_133_416),
        (10_000_000_000_000_000, 15_334_308_083),
        (72_057_594_037_927_936, 23_816_355_776),
    ] {
        assert_eq!(ln(s), expected, "changing ln({s}) changes the protocol");
    }
}

#[test]
fn every_exponential_is_near_and_none_rises() {
    let mut before = u64::MAX;
    for x in 0..=64 << 16 {
        let found = exp_neg(x);
        let exact = (-real(x.into(), 16)).exp();
        let off = (real(found, 48) - exact).abs();
        let bound = exact * 2f64.powi(-29) + 2f64.powi(-48);
        assert!(off <= bound, "exp(-{x}): off by {off}");
        // A step of x is one of 2^-16 of the value: none of units once that is small.
        let is_below = found < before || (found == before && before < 1 << 17);
        assert!(is_below, "exp(-{x}): {found} after {before}");
        before = found;
    }
}

#[test]
fn every_octave_of_ln_is_near_and_rising() {
    // Steps of 2^-14: far above the error, so that each is a rise.
    let mut before = None;
    for step in 0..=255 << 14 {
        let s = ONE + (step << 34);
        check_ln(s);
        assert!(before < Some(ln(s)), "ln({s})");
        before = Some(ln(s));
    }
}

#[track_caller]
fn check_ln(s: u64) {
    let off = (real(ln(s), 32) - real(s, 48).ln()).abs();
    assert!(off <= 2f64.powi(-29), "ln({s}): off by {off}");
}

proptest! {
    #[test]
    fn ln_is_near(s in ONE..=ONE << 8) {
        check_ln(s);
    }

    #[test]
    fn ln_wraps_nowhere(s: u64) {
        prop_assert!(real(ln(s), 32) <= 16.0 * 2f64.ln() + 1e-8);
    }

    #[test]
    fn they_undo_each_other(x in 0..5u32 << 16) {
        // ln(e^5 * e^-x), of a product that is exact in 128 bits.
        let fifth = 41_774_590_501_952_633u128;
        let product = (fifth * u128::from(exp_neg(x))) >> 48;
        let found = real(ln(product as u64), 32);
        prop_assert!((found - (5.0 - real(x.into(), 16))).abs() < 2f64.powi(-28));
    }
}
