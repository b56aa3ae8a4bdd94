//! What a strategy does to every coordinate of a round, decided once.

use alloc::{vec, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{Strategy, bulyan, geometric_median, krum, mean, median, order, trimmed_mean};
use crate::{Distances, Error, limits::CLIENTS_MAX};

/// One entry per update, in ascending order of accounts.
type PerUpdate<T> = BoundedVec<T, ConstU32<CLIENTS_MAX>>;

/// A strategy, applied to the updates of one round.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Plan {
    /// Weighted mean; a weight of zero leaves an update out.
    Mean(PerUpdate<u32>),
    /// Coordinate-wise median.
    Median,
    /// Coordinate-wise trimmed mean.
    TrimmedMean {
        /// Values dropped at each end.
        trim: u32,
    },
    /// Mean of the values nearest to the median of the chosen updates.
    Bulyan {
        /// The updates that repeated Krum chose.
        chosen: PerUpdate<bool>,
        /// Values averaged.
        keep: u32,
    },
}

impl Plan {
    /// The plan for updates with these effective sample counts and distances; only strategies that
    /// compare updates look at distances.
    ///
    /// # Errors
    /// [`Error::TooFewClients`] when the strategy needs more updates, [`Error::Certificate`] when it
    /// does not combine any.
    pub fn new(strategy: Strategy, counts: &[u32], distances: &Distances) -> Result<Self, Error> {
        strategy.check_updates(counts.len())?;
        let found = counts.len() as u32;
        let weights = |weights: Vec<u32>| Self::Mean(BoundedVec::truncate_from(weights));
        Ok(match strategy {
            Strategy::FedAvg => weights(counts.to_vec()),
            Strategy::Median => Self::Median,
            Strategy::TrimmedMean { trim } => Self::TrimmedMean { trim },
            Strategy::Krum { f } => weights(krum::weights(distances, f, 1)),
            Strategy::MultiKrum { f, keep } => weights(krum::weights(distances, f, keep)),
            Strategy::GeometricMedian => weights(geometric_median::weights(distances)),
            Strategy::LeastSquares(_) => return Err(Error::Certificate),
            Strategy::Bulyan { f } => Self::Bulyan {
                chosen: BoundedVec::truncate_from(bulyan::choose(distances, f)),
                keep: found.saturating_sub(f.saturating_mul(4)),
            },
        })
    }

    /// The aggregate of one range of coordinates, from updates of equal length.
    ///
    /// # Errors
    /// [`Error::Overflow`] when the weights sum to zero.
    pub fn combine(&self, updates: &[impl AsRef<[i32]>]) -> Result<Vec<i32>, Error> {
        let mut updates: Vec<&[i32]> = updates.iter().map(AsRef::as_ref).collect();
        Ok(match self {
            Self::Mean(weights) => return mean::of(&updates, weights),
            Self::Median => order::by_coordinate(&updates, median::of),
            Self::TrimmedMean { trim } => {
                order::by_coordinate(&updates, |rows| trimmed_mean::of(rows, *trim as usize))
            }
            Self::Bulyan { chosen, keep } => {
                let mut chosen = chosen.iter();
                updates.retain(|_| chosen.next() == Some(&true));
                order::by_coordinate(&updates, |rows| bulyan::of(rows, *keep as usize))
            }
        })
    }
}

/// Ones for the chosen places, zeros for the others.
pub(super) fn ones(clients: usize, chosen: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut weights = vec![0; clients];
    for place in chosen {
        if let Some(weight) = weights.get_mut(place) {
            *weight = 1;
        }
    }
    weights
}
