//! Exact decimal numbers for schemas: what the owner wrote is what every client reads.

use alloc::string::{String, ToString};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;

use crate::Error;

/// `mantissa * 10^exponent`, without floating point.
///
/// ```
/// use fedchain_fl::Decimal;
/// let scale: Decimal = "0.0476".parse()?;
/// assert_eq!((scale.mantissa, scale.exponent), (476, -4));
/// assert_eq!(scale.to_string(), "476e-4");
/// assert_eq!(scale.to_string().parse::<f64>(), Ok(0.0476));
/// # Ok::<(), fedchain_fl::Error>(())
/// ```
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
pub struct Decimal {
    /// The digits, signed.
    pub mantissa: i64,
    /// The power of ten.
    pub exponent: i8,
}

impl Decimal {
    /// A whole number.
    pub const fn whole(mantissa: i64) -> Self {
        Self {
            mantissa,
            exponent: 0,
        }
    }

    /// The number times `2^bits`, rounded half to even; none when it does not fit.
    pub fn scaled(&self, bits: u32) -> Option<i64> {
        let shifted = i128::from(self.mantissa).checked_mul(1i128.checked_shl(bits)?)?;
        let power = 10i128.checked_pow(self.exponent.unsigned_abs().into())?;
        if self.exponent >= 0 {
            return i64::try_from(shifted.checked_mul(power)?).ok();
        }
        let (shifted, power) = (i64::try_from(shifted).ok()?, i64::try_from(power).ok()?);
        crate::number::div_round_half_even(shifted, power)
    }
}

impl FromStr for Decimal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (number, power) = match text.split_once(['e', 'E']) {
            Some((number, power)) => (number, power.parse::<i8>().map_err(|_| Error::Decimal)?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::Decimal);
        }
        let fraction = fraction.trim_end_matches('0');
        let mut digits = String::from(whole);
        digits.push_str(fraction);
        let exponent = i8::try_from(fraction.len())
            .ok()
            .and_then(|shift| power.checked_sub(shift))
            .ok_or(Error::Decimal)?;
        let mantissa = digits.parse().map_err(|_| Error::Decimal)?;
        Ok(Self { mantissa, exponent })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exponent {
            0 => f.write_str(&self.mantissa.to_string()),
            exponent => write!(f, "{}e{exponent}", self.mantissa),
        }
    }
}

#[cfg(feature = "std")]
crate::text::serde_as_text!(Decimal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, mantissa, exponent) in [
            ("0", 0, 0),
            ("-12", -12, 0),
            ("1.50", 15, -1),
            ("-0.25", -25, -2),
            ("1e-3", 1, -3),
            ("2.5E4", 25, 3),
        ] {
            assert_eq!(text.parse(), Ok(Decimal { mantissa, exponent }), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            ".",
            "x",
            "1.-5",
            "1e",
            "1e999",
            "99999999999999999999",
            "NaN",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(Error::Decimal), "{text}");
        }
    }
}
