//! Noise on updates, as typed.

use clap::Args;
use fedchain_fl::Decimal;

use crate::session::noise::Noise;

/// Noise that hides your rows from everybody who sees your updates.
#[derive(Debug, Clone, Args)]
pub(super) struct NoiseArgs {
    /// Clip each update to this Euclidean distance from the server model, and add noise.
    #[arg(long, value_name = "NORM", requires = "noise", value_parser = positive)]
    clip: Option<f64>,
    /// Standard deviation of the noise on each weight, in units of --clip.
    #[arg(long, value_name = "MULTIPLIER", requires = "clip", value_parser = positive)]
    noise: Option<f64>,
    /// Probability at which the declared epsilon may fail.
    #[arg(long, default_value = "1e-5", requires = "noise", value_parser = probability)]
    delta: Decimal,
}

impl NoiseArgs {
    /// None where no noise is asked for.
    pub(super) fn noise(&self) -> Option<Noise> {
        Some(Noise {
            clip: self.clip?,
            multiplier: self.noise?,
            delta: self.delta,
        })
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("a number above zero is expected".into()),
    }
}

fn probability(text: &str) -> Result<Decimal, String> {
    let is_within = |text: &str| {
        text.parse()
            .is_ok_and(|number: f64| number > 0.0 && number < 1.0)
    };
    match text.parse::<Decimal>() {
        Ok(decimal) if is_within(&decimal.to_string()) => Ok(decimal),
        _ => Err("a number between 0 and 1, like 1e-5, is expected".into()),
    }
}
