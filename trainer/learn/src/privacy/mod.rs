//! Noise that hides which rows an update was made of, whoever sees it.
//!
//! ```text
//! quantised update --clip around the server model--> + discrete Gaussian --saturate--> sent
//! ```
//!
//! What is promised is differential privacy of the CLIENT: replace all of its rows by any others, as
//! many, and everything it ever sends has nearly the same distribution. The server model is public, and a
//! clipped update is within `clip` of it. So two updates that different rows would have made are at most
//! `2 clip` apart, and that is the sensitivity which noise and accountant reckon with. Taking part is
//! certain and seen by all: nothing is gained from sampling.
//!
//! Clipping and noise are integer arithmetic on the federation's fixed-point grid, after rounding to it,
//! so that no property is lost to floating point. Whatever happens to the noisy update afterwards,
//! saturation first, can only hide more.

mod accountant;
mod error;
mod noise;

pub use accountant::Accountant;
pub use error::PrivacyError;

use std::num::NonZeroU32;

use fedchain_fl::{Format, norm};
use rand::TryCryptoRng;

/// Clipping and noise in the numbers of one federation.
///
/// ```
/// use fedchain_fl::Format;
/// use fedchain_learn::privacy::{Accountant, Mechanism};
/// // Updates within 0.5 of the server model, noise of standard deviation 2.0 on each weight.
/// let mechanism = Mechanism::new(0.5, 4.0, Format::default())?;
/// let base = [65_536, 0];
/// let mut values = [131_072, -4_000];
/// mechanism.protect(&mut values, &base, &mut rand::rngs::OsRng)?;
/// let mut accountant = Accountant::new();
/// accountant.add(&mechanism, 1);
/// assert_eq!(format!("{:.3}", accountant.spent(1e-5)), "2.166");
/// # Ok::<(), fedchain_learn::privacy::PrivacyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mechanism {
    /// Largest Euclidean distance to the server model, in units of `2^-frac_bits`.
    clip: u64,
    /// Standard deviation of the noise, in the same units.
    deviation: NonZeroU32,
    format: Format,
}

impl Mechanism {
    /// Clips to the Euclidean norm `clip`, in real weights, and adds noise of standard deviation
    /// `multiplier * clip` to each weight. On the grid of `format` the first is rounded down and the
    /// second up.
    ///
    /// # Errors
    /// [`PrivacyError::Clip`], [`PrivacyError::Multiplier`] and [`PrivacyError::Deviation`] when the format
    /// cannot hold them.
    pub fn new(clip: f64, multiplier: f64, format: Format) -> Result<Self, PrivacyError> {
        let unit = 0.5f64.powi(format.frac_bits.into());
        if !(clip.is_finite() && clip >= unit) {
            return Err(PrivacyError::Clip { clip, unit });
        }
        if !(multiplier.is_finite() && multiplier > 0.0) {
            return Err(PrivacyError::Multiplier { multiplier });
        }
        // Division by a power of two is exact.
        let clip = (clip / unit).floor();
        let (_, max) = format.range();
        let deviation = (multiplier * clip).ceil();
        let too_wide = PrivacyError::Deviation {
            deviation: deviation * unit,
            max: f64::from(max) * unit,
        };
        if deviation > f64::from(max) {
            return Err(too_wide);
        }
        Ok(Self {
            clip: clip as u64,
            deviation: NonZeroU32::new(deviation as u32).ok_or(too_wide)?,
            format,
        })
    }

    /// Largest Euclidean distance of two clipped updates, in units of `2^-frac_bits`.
    pub fn sensitivity(&self) -> u64 {
        // No two updates are 2^63 apart, so that a saturated product is still a bound.
        self.clip.saturating_mul(2)
    }

    /// Standard deviation of the noise on each weight, in units of `2^-frac_bits`.
    pub fn deviation(&self) -> NonZeroU32 {
        self.deviation
    }

    /// Clips the update `values` around the server model `base`, both `[param_count]` at scale
    /// `2^-frac_bits`, and adds noise from `rng`: one that nobody can foresee.
    ///
    /// # Errors
    /// [`PrivacyError::Length`] and [`PrivacyError::Random`]; `values` must not be sent then.
    pub fn protect<R: TryCryptoRng>(
        &self,
        values: &mut [i32],
        base: &[i32],
        rng: &mut R,
    ) -> Result<(), PrivacyError> {
        self.bound(values, base)?;
        self.blur(values, rng)
    }

    fn bound(&self, values: &mut [i32], base: &[i32]) -> Result<(), PrivacyError> {
        if values.len() != base.len() {
            return Err(PrivacyError::Length {
                expected: base.len(),
                found: values.len(),
            });
        }
        norm::clip(values, base, self.clip);
        Ok(())
    }

    fn blur<R: TryCryptoRng>(&self, values: &mut [i32], rng: &mut R) -> Result<(), PrivacyError> {
        let (min, max) = self.format.range();
        for value in values {
            let noise =
                noise::gaussian(self.deviation, rng).map_err(|error| PrivacyError::Random {
                    reason: error.to_string(),
                })?;
            let blurred = noise.saturating_add((*value).into());
            *value = blurred.clamp(min.into(), max.into()) as i32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
