//! Few decimal digits instead of all that a float has: a schema is read by people, too.

use fedchain_fl::Decimal;

/// Digits of a scale.
const SCALE_DIGITS: usize = 2;

/// Digits that tell any two floats apart; 64 bits hold them.
const DIGITS_MAX: i32 = 17;

/// Zeros that a whole number ends with rather than with a power of ten.
const ZEROS_MAX: u32 = 12;

/// A scale in two significant digits, and the power of ten of the second; none when it is zero or
/// beyond what a decimal holds.
pub(super) fn scale(value: f64) -> Option<(Decimal, i32)> {
    let text = format!("{value:.*e}", SCALE_DIGITS - 1);
    let (_, exponent) = text.split_once('e')?;
    let place = exponent.parse::<i32>().ok()? - (SCALE_DIGITS as i32 - 1);
    let scale = parsed(&text)?;
    (scale.mantissa > 0).then_some((scale, place))
}

/// A number rounded to a multiple of `10^place`, to 0 below one; none when it is beyond what a decimal holds.
pub(super) fn at_place(value: f64, place: i32) -> Option<Decimal> {
    let text = format!("{value:e}");
    let (_, exponent) = text.split_once('e')?;
    let digits = exponent.parse::<i32>().ok()? - place + 1;
    if digits < 1 {
        return Some(Decimal::whole(0));
    }
    let digits = digits.min(DIGITS_MAX).unsigned_abs() as usize;
    parsed(&format!("{value:.*e}", digits - 1))
}

/// All digits of a number; none when it is beyond what a decimal holds.
pub(super) fn exact(value: f64) -> Option<Decimal> {
    parsed(&format!("{value:e}"))
}

fn parsed(text: &str) -> Option<Decimal> {
    text.parse().ok().map(whole)
}

/// The same number without a power of ten, where it is a whole one of few digits: so people write it.
fn whole(number: Decimal) -> Decimal {
    let zeros = u32::try_from(number.exponent).ok();
    let power = zeros.filter(|zeros| *zeros <= ZEROS_MAX);
    let mantissa = power.and_then(|zeros| number.mantissa.checked_mul(10i64.pow(zeros)));
    mantissa.map_or(number, Decimal::whole)
}

/// The middle of a range and half its width, exactly; none when it is empty or they have more digits
/// than 64 bits hold.
pub(super) fn halves(lo: Decimal, hi: Decimal) -> Option<(Decimal, Decimal)> {
    let exponent = lo.exponent.min(hi.exponent);
    let aligned = |number: Decimal| {
        let places = i32::from(number.exponent) - i32::from(exponent);
        let power = 10i128.checked_pow(places.unsigned_abs())?;
        i128::from(number.mantissa).checked_mul(power)
    };
    let (lo, hi) = (aligned(lo)?, aligned(hi)?);
    let half = |number: i128| {
        // A half is five tenths.
        let (mut mantissa, mut exponent) = (number.checked_mul(5)?, exponent.checked_sub(1)?);
        while mantissa % 10 == 0 && exponent < 0 {
            (mantissa, exponent) = (mantissa / 10, exponent + 1);
        }
        let mantissa = i64::try_from(mantissa).ok()?;
        Some(whole(Decimal { mantissa, exponent }))
    };
    let width = hi.checked_sub(lo).filter(|width| *width > 0)?;
    Some((half(lo.checked_add(hi)?)?, half(width)?))
}
