//! Server optimisers: what the server does with a round's aggregate.
//!
//! The aggregate minus the base model is taken as a gradient (Reddi et al., "Adaptive Federated
//! Optimization", 2021). It is limited to 2^30 - 1 units, so that all steps fit their types. Their
//! numbers have 16 fractional bits; products and shifts round down, quotients towards zero.

mod adaptive;
mod fed_adam;
mod fed_avg_m;
mod fed_yogi;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use adaptive::Adaptive;

use crate::{Decimal, Error, Format};

/// Fractional bits of the optimisers' numbers, and extra ones of [`Moment::first`].
const BITS: u32 = 16;
/// Largest gradient, in units of a weight.
const GRADIENT_MAX: i64 = (1 << 30) - 1;

/// The server optimiser of a federation.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Optimiser {
    /// The aggregate becomes the server model.
    #[default]
    Adopt,
    /// Server momentum (Hsu et al., 2019).
    FedAvgM {
        /// What is left of the momentum after a round; below one.
        momentum: Decimal,
        /// Step size; above zero, at most 1,000.
        rate: Decimal,
    },
    /// Adam on the server (Reddi et al., 2021).
    FedAdam(Adaptive),
    /// Yogi on the server (Reddi et al., 2021).
    FedYogi(Adaptive),
}

/// An optimiser's memory of one weight; zero at first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Moment {
    /// Mean or momentum of the gradient, `2^-(frac_bits + 16)`, below 2^46.
    pub first: i64,
    /// Mean square of the gradient, `2^-2frac_bits`, below 2^60.
    pub second: u64,
}

impl Optimiser {
    /// Whether there is a memory to keep.
    pub fn keeps_moments(&self) -> bool {
        !matches!(self, Self::Adopt)
    }

    /// Whether the parameters are in range.
    ///
    /// # Errors
    /// [`Error::Optimiser`].
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Adopt => Ok(()),
            Self::FedAvgM { momentum, rate } => {
                fraction(momentum)?;
                positive(rate)?;
                Ok(())
            }
            Self::FedAdam(adaptive) | Self::FedYogi(adaptive) => adaptive.check(),
        }
    }

    /// One range of the new server model; changes the moments, one per weight, in place.
    pub fn step(
        &self,
        format: Format,
        base: &[i32],
        aggregate: Vec<i32>,
        moments: &mut [Moment],
    ) -> Vec<i32> {
        let rule: &dyn Fn(i64, &mut Moment) -> i64 = match self {
            Self::Adopt => return aggregate,
            Self::FedAvgM { momentum, rate } => &fed_avg_m::rule(*momentum, *rate),
            Self::FedAdam(adaptive) => &adaptive.rule(format, fed_adam::second),
            Self::FedYogi(adaptive) => &adaptive.rule(format, fed_yogi::second),
        };
        let (least, most) = format.range();
        base.iter()
            .zip(aggregate)
            .zip(moments)
            .map(|((base, aggregate), moment)| {
                let gradient = i64::from(aggregate).saturating_sub((*base).into());
                let step = rule(gradient.clamp(-GRADIENT_MAX, GRADIENT_MAX), moment);
                let weight = i64::from(*base).saturating_add(step);
                weight.clamp(least.into(), most.into()) as i32
            })
            .collect()
    }
}

/// A number from zero to below one, in 2^-16.
fn fraction(decimal: &Decimal) -> Result<i64, Error> {
    scaled(decimal, 0..1 << BITS)
}

/// A number above zero, at most 1,000, in 2^-16.
fn positive(decimal: &Decimal) -> Result<i64, Error> {
    scaled(decimal, 1..(1_000 << BITS) + 1)
}

fn scaled(decimal: &Decimal, range: core::ops::Range<i64>) -> Result<i64, Error> {
    decimal
        .scaled(BITS)
        .filter(|number| range.contains(number))
        .ok_or(Error::Optimiser)
}

/// `number * factor`, where `factor` has 16 fractional bits; their product is below 2^63.
fn times(number: i64, factor: i64) -> i64 {
    number.wrapping_mul(factor) >> BITS
}
