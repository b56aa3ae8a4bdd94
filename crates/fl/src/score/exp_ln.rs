//! `exp` and `ln` in integers, by their series.
//!
//! Products of two numbers of 32 bits fit a `u64`, so that a step costs one multiplication also where
//! there are no wider ones.

/// One, at 2^-32.
const ONE: u64 = 1 << 32;
/// `ln(2)` at 2^-32, rounded to nearest.
const LN_2: u64 = 2_977_044_472;
/// `log2(e)` at 2^-40, rounded to nearest.
const LOG2_E: u64 = 1_586_259_972_792;

/// Fractional bits of [`exp_neg`]'s value and of [`ln`]'s argument.
pub(super) const EXP_FRAC_BITS: u32 = 48;

/// `1 / k!` at 2^-32, from `k = 11` down to 0.
const INVERSE_FACTORIALS: [u64; 12] = [
    ONE / 39_916_800,
    ONE / 3_628_800,
    ONE / 362_880,
    ONE / 40_320,
    ONE / 5_040,
    ONE / 720,
    ONE / 120,
    ONE / 24,
    ONE / 6,
    ONE / 2,
    ONE,
    ONE,
];

/// `1 / (2k + 1)` at 2^-32, from `k = 9` down to 0.
const INVERSE_ODDS: [u64; 10] = [
    ONE / 19,
    ONE / 17,
    ONE / 15,
    ONE / 13,
    ONE / 11,
    ONE / 9,
    ONE / 7,
    ONE / 5,
    ONE / 3,
    ONE,
];

/// `exp(-x)` at 2^-48, for `x` at 2^-16; exactly one at zero, zero from about 33.3 on.
///
/// `exp(-x) = 2^-n * exp(-r)`, where `x * log2(e) = n + f` with whole `n` and `r = f * ln(2)`; then
/// `exp(-r) = sum((-r)^k / k!)` by Horner's rule. The relative error is below 2^-29, next to an
/// absolute one of 2^-48: `f`, `r` and each step round down by one unit of 2^-32, the step's shrinking
/// with each product by `r < 0.7`, and terms from `k = 12` on are below 2^-35.
pub(super) fn exp_neg(x: u32) -> u64 {
    // exp(-64) is below 2^-92.
    if x >= 64 << 16 {
        return 0;
    }
    // Below 2^22 * 2^41, at 2^-56.
    let exponent = u64::from(x).wrapping_mul(LOG2_E);
    let whole = (exponent >> 56) as u32;
    let fraction = (exponent >> 24) & (ONE - 1);
    let r = fraction.wrapping_mul(LN_2) >> 32;
    // Each sum is at most its coefficient, which is no larger than the next: nothing wraps.
    let mantissa = INVERSE_FACTORIALS.iter().fold(0, |sum, coefficient| {
        coefficient.wrapping_sub(r.wrapping_mul(sum) >> 32)
    });
    (mantissa << (EXP_FRAC_BITS - 32))
        .checked_shr(whole)
        .unwrap_or(0)
}

/// `ln(s)` at 2^-32, for `s` at 2^-48 and at least one; zero of less.
///
/// `ln(s) = n * ln(2) + ln(m)` with `m` from 1 to 2, and `ln(m) = 2 * atanh(t)` with
/// `t = (m - 1) / (m + 1) < 1/3`; then `atanh(t) = sum(t^(2k + 1) / (2k + 1))` by Horner's rule.
/// The error is below 2^-29 up to `s = 2^8`: roundings of `m` and `t` by one unit of 2^-32 each, of
/// `n * ln(2)` by at most two, and terms from `k = 10` on are below 2^-36.
pub(super) fn ln(s: u64) -> u64 {
    let Some(n) = s
        .checked_ilog2()
        .and_then(|log| log.checked_sub(EXP_FRAC_BITS))
    else {
        return 0;
    };
    // From 2^32 to 2^33, as `s` has the bit of 2^n as its highest: `n` is at most 15.
    let m = s >> n.wrapping_add(EXP_FRAC_BITS - 32);
    let t = (m.wrapping_sub(ONE) << 32)
        .checked_div(m.wrapping_add(ONE))
        .unwrap_or(0);
    let square = t.wrapping_mul(t) >> 32;
    // At most 1.04, and `square` at most 1/9: nothing wraps.
    let series = INVERSE_ODDS.iter().fold(0u64, |sum, coefficient| {
        coefficient.wrapping_add(square.wrapping_mul(sum) >> 32)
    });
    let whole = u64::from(n).wrapping_mul(LN_2);
    whole.wrapping_add(t.wrapping_mul(series) >> 31)
}
