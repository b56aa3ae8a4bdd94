//! Proof that an update lies near the base model.
//!
//! The squared Euclidean distance is summed exactly, part by part. It never falls, so an update that was
//! too far with one part stays so.

#[cfg(test)]
mod tests;

use core::fmt;
use fedchain_fl::{NormRule, norm::squared_distance};

use crate::Verifier;

/// A norm rule, at one part of an update.
#[derive(Debug, Clone, Copy)]
pub struct Near<'a> {
    /// The rule.
    pub rule: NormRule,
    /// The base model's values at the part's place, at scale `2^-frac_bits`.
    pub base: &'a [i32],
    /// Squared distance of the parts before, at scale `2^-2frac_bits`.
    pub before: u128,
}

/// How far an update is from the base model, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// Squared, at scale `2^-2frac_bits`.
    pub squared: u128,
    /// Whether the rule lets it count.
    pub is_within: bool,
}

/// Why a part has no distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// It has another number of values than the base model has at its place.
    Length {
        /// Values that there should be.
        needed: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Length { needed } = self;
        write!(f, "there must be {needed} values")
    }
}

impl core::error::Error for Error {}

impl Verifier for Near<'_> {
    type Input = [i32];
    type Proof = Distance;
    type Error = Error;

    fn measure(&self, values: &[i32]) -> Result<(), Error> {
        match values.len() == self.base.len() {
            true => Ok(()),
            false => Err(Error::Length {
                needed: self.base.len() as u32,
            }),
        }
    }

    fn check(&self, values: &[i32]) -> Result<Distance, Error> {
        let distance = squared_distance(values, self.base);
        let squared = self.before.saturating_add(distance);
        Ok(Distance {
            squared,
            is_within: self.rule.accepts(squared),
        })
    }
}
