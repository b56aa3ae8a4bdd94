//! Aggregation rules: one server model from many updates, bit for bit the same everywhere.
//!
//! All rules work coordinate by coordinate, so a model may be aggregated range by range; none
//! depends on the order of the updates.

mod fed_avg;
mod median;
mod order;
mod trimmed_mean;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use fed_avg::{finish, fold};

use crate::Error;

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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
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
}

impl Strategy {
    /// Updates that the rule needs; a round with fewer is skipped.
    pub fn updates_min(&self) -> u32 {
        match self {
            Self::FedAvg | Self::Median => 1,
            Self::TrimmedMean { trim } => trim.saturating_mul(2).saturating_add(1),
        }
    }

    /// Whether the rule withstands a bounded number of bad clients. Such a rule needs membership by
    /// invitation: where anyone may join, one person can be many clients.
    pub fn bounds_bad_clients(&self) -> bool {
        matches!(self, Self::Median | Self::TrimmedMean { .. })
    }

    /// Whether updates are folded into a sum as they arrive, instead of kept until the rule runs.
    pub fn folds(&self) -> bool {
        matches!(self, Self::FedAvg)
    }
}

/// Aggregates updates of equal length, `(values, effective sample count)`, into `[param_count]`.
///
/// # Errors
/// [`Error::TooFewClients`] when the rule needs more updates.
pub fn aggregate(strategy: Strategy, updates: &[(&[i32], u32)]) -> Result<Vec<i32>, Error> {
    let needed = strategy.updates_min();
    let found = u32::try_from(updates.len()).unwrap_or(u32::MAX);
    if found < needed {
        return Err(Error::TooFewClients { needed, found });
    }
    match strategy {
        Strategy::FedAvg => fed_avg::aggregate(updates),
        Strategy::Median => Ok(order::by_coordinate(updates, median::of)),
        Strategy::TrimmedMean { trim } => Ok(order::by_coordinate(updates, |column| {
            trimmed_mean::of(column, trim as usize)
        })),
    }
}
