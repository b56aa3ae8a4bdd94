//! What a federation asks of a certified ridge regression, and how many numbers one has.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{Decimal, Error, limits::CERTIFIED_FEATURES_MAX};

/// The terms of a certificate of optimality.
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
pub struct LeastSquares {
    /// Weight of the model's squared norm per row: above zero, at most 64.
    pub penalty: Decimal,
    /// How far the model may be from the optimum, as Euclidean distance: above zero.
    pub epsilon: Decimal,
}

impl LeastSquares {
    /// Fractional bits of [`Self::penalty_units`].
    pub const PENALTY_BITS: u32 = 24;
    /// Fractional bits of [`Self::epsilon_units`].
    pub const EPSILON_BITS: u32 = 32;
    /// The largest penalty, in units.
    const PENALTY_MAX: i64 = 64 << Self::PENALTY_BITS;

    /// The penalty in units of 2^-24, rounded half to even; none when it is out of range.
    pub fn penalty_units(&self) -> Option<u32> {
        let units = self.penalty.scaled(Self::PENALTY_BITS)?;
        let is_usable = (1..=Self::PENALTY_MAX).contains(&units);
        u32::try_from(units).ok().filter(|_| is_usable)
    }

    /// Epsilon in units of 2^-32, rounded half to even; none when it is out of range.
    pub fn epsilon_units(&self) -> Option<u64> {
        let units = self.epsilon.scaled(Self::EPSILON_BITS)?;
        u64::try_from(units).ok().filter(|units| *units > 0)
    }
}

/// How many numbers a certified regression has, by the number of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    features: u32,
}

impl Shape {
    /// That with the most features.
    pub const LARGEST: Self = Self {
        features: CERTIFIED_FEATURES_MAX,
    };

    /// The shape for so many features.
    ///
    /// # Errors
    /// [`Error::Certificate`] for none or more than [`CERTIFIED_FEATURES_MAX`].
    pub const fn new(features: u32) -> Result<Self, Error> {
        match features {
            1..=CERTIFIED_FEATURES_MAX => Ok(Self { features }),
            _ => Err(Error::Certificate),
        }
    }

    /// Weights of the model, the intercept's last.
    pub const fn weights(self) -> u32 {
        self.features.saturating_add(1)
    }

    /// Entries of a packed lower triangle with a row per weight.
    pub const fn squares(self) -> u32 {
        let side = self.weights();
        side.saturating_mul(side.saturating_add(1)) / 2
    }

    /// Second moments of a client: `X' X`, packed, then `X' y`.
    pub const fn moments(self) -> u32 {
        self.squares().saturating_add(self.weights())
    }

    /// Bytes of a client's moments.
    pub const fn moment_bytes(self) -> u32 {
        self.moments().saturating_mul(8)
    }

    /// Bytes of a proof that moments are of no rows: a vector over weights and target.
    pub const fn refutation_bytes(self) -> u32 {
        self.weights().saturating_add(1).saturating_mul(8)
    }

    /// Bytes of a solution: curvature, weights, witness.
    pub const fn solution_bytes(self) -> u32 {
        self.moments().saturating_add(1).saturating_mul(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_become_integers_or_are_refused() {
        let terms = |penalty: &str, epsilon: &str| LeastSquares {
            penalty: penalty.parse().unwrap(),
            epsilon: epsilon.parse().unwrap(),
        };
        let usual = terms("0.001", "1e-4");
        assert_eq!(usual.penalty_units(), Some(16_777));
        assert_eq!(usual.epsilon_units(), Some(429_497));
        assert_eq!(terms("64", "1").penalty_units(), Some(1 << 30));
        for wrong in ["0", "-1", "64.1", "1e-9"] {
            assert_eq!(terms(wrong, "1").penalty_units(), None, "{wrong}");
        }
        for wrong in ["0", "-1", "1e-11", "1e18"] {
            assert_eq!(terms("1", wrong).epsilon_units(), None, "{wrong}");
        }
    }

    #[test]
    fn the_largest_fits_one_transaction() {
        let largest = Shape::LARGEST;
        assert_eq!(Shape::new(CERTIFIED_FEATURES_MAX), Ok(largest));
        assert_eq!(largest.moment_bytes(), 164_016);
        assert!(largest.solution_bytes() < crate::limits::PART_BYTES_MAX);
        assert!(Shape::new(CERTIFIED_FEATURES_MAX + 1).is_err());
        assert!(Shape::new(0).is_err());
    }
}
