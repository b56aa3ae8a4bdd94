//! Why an update cannot be given noise, and what to do about it.

use thiserror::Error;

/// Why an update was not protected; it must not be sent then.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PrivacyError {
    /// The bound on the difference is no bound in the federation's numbers.
    #[error(
        "a clip norm of {clip} cannot be kept: the federation's weights have steps of {unit}; use at \
         least that"
    )]
    Clip {
        /// The norm asked for.
        clip: f64,
        /// Distance of neighbouring weights.
        unit: f64,
    },
    /// The multiplier gives no noise.
    #[error("a noise multiplier of {multiplier} gives no noise: use a number above zero")]
    Multiplier {
        /// The multiplier asked for.
        multiplier: f64,
    },
    /// The noise would leave nothing of the update.
    #[error(
        "noise of standard deviation {deviation} is wider than the federation's weights, which end at \
         {max}: use a smaller clip norm or a smaller noise multiplier"
    )]
    Deviation {
        /// Standard deviation asked for.
        deviation: f64,
        /// Largest weight of the format.
        max: f64,
    },
    /// Update and server model are of different models.
    #[error("the update has {found} weights, the server model {expected}")]
    Length {
        /// Weights of the server model.
        expected: usize,
        /// Weights of the update.
        found: usize,
    },
    /// The generator has no random bits.
    #[error("no random numbers for the noise: {reason}")]
    Random {
        /// What the generator said.
        reason: String,
    },
}
