//! Proof that a linear model is the ridge optimum of everybody's rows, within a bound.
//!
//! Client i has rows `X_i`, the last column of ones, and targets `y_i`, all as integers. It publishes
//! its second moments `A_i = X_i' X_i` and `b_i = X_i' y_i`. With `N` rows in all, the model `w*` that
//! minimises `|X w - y|^2 + penalty N |w|^2` solves
//!
//! ```text
//! H w* = b     H = sum A_i + penalty N I     b = sum b_i
//! ```
//!
//! Anybody may solve that and hand in `w`. Two integer computations check it:
//!
//! 1. the residual `r = H w - b`, exact;
//! 2. a witness `G`, lower triangular, for a number `mu`: with `R = H - mu I - G G'`, exact, no
//!    eigenvalue of H lies below `mu - |R|`, since `G G'` has none below zero and none of `R` is larger
//!    than its largest row sum of absolute values (Gershgorin, 1931).
//!
//! From `H (w - w*) = r` follows `|w - w*| <= |r| / (mu - |R|)`. The numerator rounds up, the
//! denominator down. The server model `m` is `w` in the federation's number format; the bound is of
//! that: `|m - w*| <= |m - w| + |w - w*|`, the first term exact and rounded up. It holds whoever computed
//! `w`, and whatever the moments are: those of a liar need not be `X' X` of any rows, which is why `mu`
//! is proven and not taken from the penalty.
//!
//! It does not prove that the moments are of true rows. That they are of none can be proven, see
//! [`Refutation`]; while nobody can, there is a solution.
//!
//! | number | integer of | bound |
//! | --- | --- | --- |
//! | row value, target | 2^-12 | 2^15 |
//! | moment of n rows | 2^-24 | n 2^30 |
//! | penalty | 2^-24 | 2^30 |
//! | weight | 2^-32 | 2^47 |
//! | witness | 2^-32 | 2^55 |

mod moments;
mod refutation;
mod solution;
#[cfg(feature = "std")]
mod solver;
mod triangle;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use fedchain_fl::{Format, LeastSquares, Shape, view::Bound};

pub use moments::{Moments, ROW_BITS, ROW_MAX, ROWS_MAX};
#[cfg(feature = "std")]
pub use refutation::refute;
pub use refutation::{REFUTATION_MAX, Refutation};
pub use solution::{Solution, WEIGHT_BITS, WEIGHT_MAX, WITNESS_BITS, WITNESS_MAX};
#[cfg(feature = "std")]
pub use solver::solve;

use crate::Verifier;

/// The penalty, at most.
pub const PENALTY_MAX: u32 = 1 << 30;

/// Why moments or a solution were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Bytes of another length than the shape's.
    Length {
        /// Bytes that there should be.
        needed: u32,
    },
    /// The penalty is zero or above [`PENALTY_MAX`].
    Penalty,
    /// A moment is larger than so many rows allow, or a square is negative.
    Moment {
        /// Its place.
        index: u32,
    },
    /// The square of the column of ones is not the number of rows.
    Rows,
    /// All clients together have more rows than [`ROWS_MAX`], or none.
    TooManyRows,
    /// A weight is above [`WEIGHT_MAX`].
    Weight,
    /// An entry of the witness is above [`WITNESS_MAX`].
    Witness,
    /// A weight does not fit the federation's number format.
    Format,
    /// The witness does not prove any curvature.
    Curvature,
    /// The vector does not prove that the moments are of no rows.
    Refutation,
    /// The model may be further from the optimum than the federation allows.
    TooFar {
        /// How far, in units of 2^-32.
        epsilon: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { needed } => write!(f, "there must be {needed} bytes"),
            Self::Penalty => write!(f, "the penalty must be above 0 and at most 64"),
            Self::Moment { index } => {
                write!(f, "moment {index} is impossible for so many rows")
            }
            Self::Rows => write!(f, "the moments are those of another number of rows"),
            Self::TooManyRows => write!(f, "all clients together may have 1 to {ROWS_MAX} rows"),
            Self::Weight => write!(f, "a weight is beyond 2^15"),
            Self::Witness => write!(f, "an entry of the witness is out of range"),
            Self::Format => write!(f, "a weight does not fit the number format"),
            Self::Refutation => write!(f, "this does not prove that the moments are of no rows"),
            Self::Curvature => write!(f, "the witness does not prove the curvature it claims"),
            Self::TooFar { epsilon } => {
                write!(
                    f,
                    "the model may be {epsilon} * 2^-32 from the optimum: too far"
                )
            }
        }
    }
}

impl core::error::Error for Error {}

/// The normal equations of everybody's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    moments: Moments,
    /// `penalty * N`, 2^-24.
    ridge: i64,
    epsilon_max: u64,
    format: Format,
}

impl Problem {
    /// From the sum of all moments. `penalty` is in units of 2^-24, `epsilon_max` of 2^-32; the server
    /// model will be in `format`.
    ///
    /// # Errors
    /// [`Error::Penalty`], [`Error::TooManyRows`], or [`Error::Moment`] when the sum is not one of
    /// checked moments.
    pub fn new(
        moments: Moments,
        penalty: u32,
        epsilon_max: u64,
        format: Format,
    ) -> Result<Self, Error> {
        if !(1..=PENALTY_MAX).contains(&penalty) {
            return Err(Error::Penalty);
        }
        moments.check()?;
        let ridge = i64::from(penalty)
            .checked_mul(moments.rows().into())
            .ok_or(Error::TooManyRows)?;
        Ok(Self {
            moments,
            ridge,
            epsilon_max,
            format,
        })
    }

    /// The same on a federation's terms, which allow no solution when they are out of range.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on_terms(moments: Moments, terms: LeastSquares, format: Format) -> Result<Self, Error> {
        let penalty = terms.penalty_units().unwrap_or(0);
        let epsilon_max = terms.epsilon_units().unwrap_or(0);
        Self::new(moments, penalty, epsilon_max, format)
    }

    /// The shape of its moments.
    pub fn shape(&self) -> Shape {
        self.moments.shape()
    }

    /// Rows of H, packed, without the penalty; and what the penalty adds to the diagonal.
    pub fn matrix(&self) -> (&[i64], i64) {
        (self.moments.squares(), self.ridge)
    }

    /// The right side b, `[features + 1]`, 2^-24.
    pub fn right_side(&self) -> &[i64] {
        self.moments.products()
    }

    /// `H w - b`, `[features + 1]`, 2^-56; exact for weights of at most [`WEIGHT_MAX`].
    pub fn residual(&self, weights: &[i64]) -> Vec<i128> {
        // 201 products of 2^62 and 2^47 and a right side of 2^60 * 2^32 stay below 2^118.
        let mut sums: Vec<i128> = self
            .right_side()
            .iter()
            .map(|value| i128::from(*value).wrapping_neg() << WEIGHT_BITS)
            .collect();
        for (place, row) in triangle::rows(self.moments.squares()).enumerate() {
            let (Some((diagonal, left)), Some(own)) = (row.split_last(), weights.get(place)) else {
                break;
            };
            let own = i128::from(*own);
            let mut sum = i128::from(*diagonal)
                .wrapping_add(self.ridge.into())
                .wrapping_mul(own);
            for ((entry, weight), other) in left.iter().zip(weights).zip(&mut sums) {
                let entry = i128::from(*entry);
                sum = sum.wrapping_add(entry.wrapping_mul((*weight).into()));
                *other = other.wrapping_add(entry.wrapping_mul(own));
            }
            if let Some(own) = sums.get_mut(place) {
                *own = own.wrapping_add(sum);
            }
        }
        sums
    }

    /// The bound that a decoded solution proves of its model, whatever the federation asks for.
    ///
    /// # Errors
    /// [`Error::Weight`], [`Error::Format`], [`Error::Witness`] or [`Error::Curvature`].
    pub fn bound(&self, solution: &Solution) -> Result<Bound, Error> {
        solution.check()?;
        let residual = self.residual(&solution.weights);
        let mu = solution
            .proven_curvature(self.moments.squares(), self.ridge)
            .ok_or(Error::Curvature)?;
        let rounding = solution.rounding_up(self.format).ok_or(Error::Format)?;
        let epsilon = solution::quotient_up(&residual, mu)
            .and_then(|distance| distance.checked_add(rounding))
            .ok_or(Error::TooFar { epsilon: u64::MAX })?;
        Ok(Bound { epsilon, mu })
    }
}

impl Verifier for Problem {
    type Input = [u8];
    type Proof = (Solution, Bound);
    type Error = Error;

    fn measure(&self, bytes: &[u8]) -> Result<(), Error> {
        let needed = self.shape().solution_bytes();
        match bytes.len() == needed as usize {
            true => Ok(()),
            false => Err(Error::Length { needed }),
        }
    }

    fn check(&self, bytes: &[u8]) -> Result<Self::Proof, Error> {
        let solution = Solution::decode(self.shape(), bytes);
        let bound = self.bound(&solution)?;
        match bound.epsilon <= self.epsilon_max {
            true => Ok((solution, bound)),
            false => Err(Error::TooFar {
                epsilon: bound.epsilon,
            }),
        }
    }
}
