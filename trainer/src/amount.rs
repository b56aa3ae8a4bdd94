//! Amounts of money, as people write them.

use std::{fmt, str::FromStr};

/// Decimal places of one unit.
const DECIMALS: usize = 12;
/// The smallest amounts in one unit.
pub const UNIT: u128 = 10u128.pow(DECIMALS as u32);

/// An amount, counted in the chain's smallest unit and written in units of 10^12 of them.
///
/// ```
/// use fedchain_trainer::amount::Amount;
/// assert_eq!("1.5 UNIT".parse(), Ok(Amount(1_500_000_000_000)));
/// assert_eq!(Amount(250_000_000_000).to_string(), "0.25 UNIT");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u128);

/// The text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an amount like \"1.5 UNIT\" or \"0.25\", with at most 12 decimal places")]
pub struct AmountError;

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let number = text.trim().trim_end_matches("UNIT").trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
            return Err(AmountError);
        }
        let whole: u128 = whole.parse().map_err(|_| AmountError)?;
        let fraction: u128 = format!("{fraction:0<DECIMALS$}")
            .parse()
            .map_err(|_| AmountError)?;
        whole
            .checked_mul(UNIT)
            .and_then(|amount| amount.checked_add(fraction))
            .map(Self)
            .ok_or(AmountError)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / UNIT, self.0 % UNIT);
        let fraction = format!("{fraction:0>DECIMALS$}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole} UNIT"),
            fraction => write!(f, "{whole}.{fraction} UNIT"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, amount) in [
            ("0", 0),
            ("1", UNIT),
            ("1UNIT", UNIT),
            (" 1.5 UNIT ", 3 * UNIT / 2),
            ("0.000000000001", 1),
            ("12.30", 12_300_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Amount(amount)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "",
            "UNIT",
            "-1",
            ".5",
            "1.",
            "1,5",
            "1e3",
            "0.0000000000001",
            "1 DOT",
            "999999999999999999999999999999999",
        ] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_round_trips(amount: u128) {
            proptest::prop_assert_eq!(Amount(amount).to_string().parse(), Ok(Amount(amount)));
        }
    }
}
