//! Aggregation rules: one aggregate from many updates, bit for bit the same everywhere.
//!
//! A rule is decided once per round, as a [`Plan`], and then applied coordinate by coordinate, so a
//! model may be aggregated range by range. Updates are always in ascending order of their accounts:
//! nothing depends on when they came, and ties go to the smaller account.

mod bulyan;
mod geometric_median;
mod krum;
mod mean;
mod median;
mod order;
mod plan;
mod trimmed_mean;

#[cfg(test)]
mod tests;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use plan::Plan;

use crate::{Error, LeastSquares, limits::DISTANCE_CLIENTS_MAX};

/// The rule of a federation.
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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Strategy {
    /// Mean weighted by sample counts (McMahan et al., 2017).
    FedAvg,
    /// Coordinate-wise median (Yin et al., 2018).
    Median,
    /// Coordinate-wise mean without the `trim` smallest and largest (Yin et al., 2018).
    TrimmedMean {
        /// Values dropped at each end: the bound on bad clients.
        trim: u32,
    },
    /// The update nearest to its neighbours (Blanchard et al., 2017).
    Krum {
        /// The bound on bad clients.
        f: u32,
    },
    /// Mean of the updates nearest to their neighbours (Blanchard et al., 2017).
    MultiKrum {
        /// The bound on bad clients.
        f: u32,
        /// Updates that are averaged.
        keep: u32,
    },
    /// Repeated Krum, then the mean around the median (El Mhamdi et al., 2018).
    Bulyan {
        /// The bound on bad clients.
        f: u32,
    },
    /// The point with the smallest sum of distances (Pillutla et al., 2022).
    GeometricMedian,
    /// The ridge optimum of everybody's rows. Updates are second moments, and the server model is
    /// whatever somebody proves to be close enough to the optimum.
    LeastSquares(LeastSquares),
}

impl Strategy {
    /// The strategy of a federation that names none: a trimmed mean that withstands
    /// `(clients_min - 1) / 3` bad clients, however many take part.
    pub fn default_for(clients_min: u32) -> Self {
        Self::TrimmedMean {
            trim: clients_min.saturating_sub(1) / 3,
        }
    }

    /// Updates that the rule needs; a round with fewer is skipped.
    pub fn updates_min(&self) -> u32 {
        let times = |factor: u32, f: u32| f.saturating_mul(factor);
        match *self {
            Self::FedAvg | Self::Median | Self::GeometricMedian | Self::LeastSquares(_) => 1,
            Self::TrimmedMean { trim } => times(2, trim).saturating_add(1),
            Self::Krum { f } => times(2, f).saturating_add(3),
            Self::MultiKrum { f, keep } => {
                times(2, f).saturating_add(3).max(f.saturating_add(keep))
            }
            Self::Bulyan { f } => times(4, f).saturating_add(3),
        }
    }

    /// The bound on bad clients, where the rule has one of its own.
    pub fn bad_max(&self) -> Option<u32> {
        match *self {
            Self::TrimmedMean { trim: f }
            | Self::Krum { f }
            | Self::MultiKrum { f, .. }
            | Self::Bulyan { f } => Some(f),
            Self::FedAvg | Self::Median | Self::GeometricMedian | Self::LeastSquares(_) => None,
        }
    }

    /// Whether so many updates are enough.
    ///
    /// # Errors
    /// [`Error::TooFewClients`].
    pub fn check_updates(&self, found: usize) -> Result<(), Error> {
        let needed = self.updates_min();
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        match found < needed {
            true => Err(Error::TooFewClients { needed, found }),
            false => Ok(()),
        }
    }

    /// Whether the rule withstands a bounded number of bad clients. Such a rule needs membership by
    /// invitation: where anyone may join, one person can be many clients.
    pub fn bounds_bad_clients(&self) -> bool {
        !matches!(self, Self::FedAvg | Self::LeastSquares(_))
    }

    /// The terms of the certificate, where the rule wants one.
    pub fn terms(&self) -> Option<LeastSquares> {
        match self {
            Self::LeastSquares(terms) => Some(*terms),
            _ => None,
        }
    }

    /// Whether the rule compares every pair of updates.
    pub fn needs_distances(&self) -> bool {
        matches!(
            self,
            Self::Krum { .. }
                | Self::MultiKrum { .. }
                | Self::Bulyan { .. }
                | Self::GeometricMedian
        )
    }

    /// Whether the rule can work with up to `clients_max` clients.
    ///
    /// # Errors
    /// [`Error::TooManyClients`] for pairs, [`Error::Keep`] when Multi-Krum is to average nothing.
    pub fn check(&self, clients_max: u32) -> Result<(), Error> {
        if self.needs_distances() && clients_max > DISTANCE_CLIENTS_MAX {
            return Err(Error::TooManyClients {
                found: clients_max,
                max: DISTANCE_CLIENTS_MAX,
            });
        }
        match self {
            Self::MultiKrum { keep: 0, .. } => Err(Error::Keep),
            _ => Ok(()),
        }
    }
}
