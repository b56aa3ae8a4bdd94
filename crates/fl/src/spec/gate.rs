//! The quality gate: who judges a round's model, on what, and what follows.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{ModelSpec, TaskSpec, federation::upload_blocks};
use crate::{
    Decimal, Error,
    gate::Assessment,
    limits::{CONTRIBUTIONS_MAX, EVALUATORS_MAX, WINDOW_BLOCKS_MAX},
    score::{Holdout, LOSS_FRAC_BITS},
    view::Outcome,
};

/// Holdouts without which no median is worth its name.
const QUORUM_MIN: u32 = 3;

/// Whether clients' contributions to a judged round are measured, and what they are for.
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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Contributions {
    /// They are not: each costs an aggregation of its own.
    #[default]
    Unmeasured,
    /// They are recorded; the reward is split equally.
    Recorded,
    /// They are recorded, and only clients above zero get their part of the reward. For rules that bound
    /// a client's pull: without a bound, two clients whose updates cancel each other look indispensable.
    Paid,
}

/// How a federation judges its rounds' models. A holdout is rows that nobody trains on, committed
/// before the round opens and revealed when its model is there.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "std",
    serde(
        bound = "Balance: core::fmt::Display + core::str::FromStr<Err: core::fmt::Display>",
        deny_unknown_fields
    )
)]
pub struct Gate<Balance> {
    /// Rows of each holdout, exactly.
    pub rows: u32,
    /// Seats of evaluators, whom the owner appoints.
    pub evaluators_max: u32,
    /// With fewer holdouts than these a model is adopted without judgement.
    pub quorum: u32,
    /// A model is adopted while the median holdout's loss grows by no more than this.
    pub tolerance: Decimal,
    /// Held with a holdout's commitment, returned at its reveal, burned when the gate closes without
    /// one.
    #[cfg_attr(feature = "std", serde(with = "crate::text"))]
    pub bond: Balance,
    /// Time to reveal holdouts, in blocks.
    pub blocks: u32,
    /// What becomes of contributions.
    #[cfg_attr(feature = "std", serde(default))]
    pub contributions: Contributions,
}

impl<Balance> Gate<Balance> {
    /// Whether the gate can work.
    ///
    /// # Errors
    /// [`Error::Gate`], [`Error::PaidUnbounded`], [`Error::Window`], [`Error::GateWindowTooShort`].
    pub(super) fn check(
        &self,
        task: &TaskSpec,
        clients_max: u32,
        upload_bytes_per_block: u32,
    ) -> Result<(), Error> {
        let can_score =
            !matches!(task.model, ModelSpec::Opaque { .. }) && task.strategy.terms().is_none();
        let seats = QUORUM_MIN..=self.evaluators_max.min(EVALUATORS_MAX);
        let is_usable = can_score
            && (1..=Holdout::rows_max(task)).contains(&self.rows)
            && self.evaluators_max <= EVALUATORS_MAX
            && seats.contains(&self.quorum)
            && self.tolerance_units().is_some()
            && (!self.contributes() || clients_max <= CONTRIBUTIONS_MAX);
        if !is_usable {
            return Err(Error::Gate);
        }
        let is_bounded = task.strategy.bounds_bad_clients() || task.norm.is_some();
        if self.contributions == Contributions::Paid && !is_bounded {
            return Err(Error::PaidUnbounded);
        }
        if self.blocks > WINDOW_BLOCKS_MAX {
            return Err(Error::Window);
        }
        let bytes = Holdout::bytes(task, self.rows);
        let needed = upload_blocks(bytes, self.evaluators_max, upload_bytes_per_block);
        match self.blocks < needed {
            true => Err(Error::GateWindowTooShort {
                needed,
                found: self.blocks,
            }),
            false => Ok(()),
        }
    }

    /// The tolerance at 2^-32, as losses are; none when it is negative or too large.
    pub fn tolerance_units(&self) -> Option<i64> {
        self.tolerance
            .scaled(LOSS_FRAC_BITS)
            .filter(|units| *units >= 0)
    }

    /// Whether contributions are measured.
    pub fn contributes(&self) -> bool {
        self.contributions != Contributions::Unmeasured
    }

    /// What becomes of a model of which all is measured.
    pub fn verdict(&self, assessment: &Assessment) -> Outcome {
        match assessment.change() > self.tolerance_units().unwrap_or(0) {
            true => Outcome::Worse,
            false => Outcome::Adopted,
        }
    }

    /// The same gate with its amounts in another type.
    pub(super) fn map_amounts<B>(self, map: impl Fn(Balance) -> B) -> Gate<B> {
        Gate {
            rows: self.rows,
            evaluators_max: self.evaluators_max,
            quorum: self.quorum,
            tolerance: self.tolerance,
            bond: map(self.bond),
            blocks: self.blocks,
            contributions: self.contributions,
        }
    }
}
