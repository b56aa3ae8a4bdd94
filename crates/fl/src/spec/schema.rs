//! The feature schema: how every client turns its rows into the same numbers.

use alloc::collections::BTreeSet;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Decimal, Error, Name,
    limits::{CLASSES_MAX, FEATURES_MAX},
};

/// What the model sees of a cell: `(value - offset) / scale`.
///
/// The value is the cell's number or, where there is a label, 1 if the cell holds it and 0 if it holds a
/// label of another feature of the same column: so a categorical column has one feature per label.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
pub struct Column {
    /// Name in the header of the data file.
    pub name: Name,
    /// Subtracted first.
    #[cfg_attr(feature = "std", serde(default = "zero"))]
    pub offset: Decimal,
    /// Then divided by; above zero.
    #[cfg_attr(feature = "std", serde(default = "one"))]
    pub scale: Decimal,
    /// The category that the feature stands for; none: the cell is a number.
    #[cfg_attr(
        feature = "std",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub label: Option<Name>,
    /// The value of an empty cell; none: a row with an empty cell is refused.
    #[cfg_attr(
        feature = "std",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub missing: Option<Decimal>,
}

#[cfg(feature = "std")]
fn zero() -> Decimal {
    Decimal::whole(0)
}

#[cfg(feature = "std")]
fn one() -> Decimal {
    Decimal::whole(1)
}

impl Column {
    /// A column of numbers without empty cells.
    pub fn number(name: Name, offset: Decimal, scale: Decimal) -> Self {
        Self {
            name,
            offset,
            scale,
            label: None,
            missing: None,
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.name.check()?;
        self.label.as_ref().map_or(Ok(()), Name::check)?;
        if self.scale.mantissa <= 0 {
            return Err(Error::Scale);
        }
        Ok(())
    }
}

/// What the model predicts.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Target {
    /// A real number without a label or a rule for empty cells, for regression.
    Real(Column),
    /// One label of a fixed list, for classification.
    Classes {
        /// Name in the header of the data file.
        name: Name,
        /// The labels as they stand in the cells; the place in this list is the class.
        labels: BoundedVec<Name, ConstU32<CLASSES_MAX>>,
    },
}

impl Target {
    /// Numbers that the model puts out for one row.
    pub fn outputs(&self) -> u32 {
        match self {
            Self::Real(_) => 1,
            Self::Classes { labels, .. } => labels.len() as u32,
        }
    }

    /// Name of the target's column.
    pub fn name(&self) -> &Name {
        match self {
            Self::Real(column) => &column.name,
            Self::Classes { name, .. } => name,
        }
    }
}

/// Names in order, offset and scale per feature, and the target.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
pub struct Schema {
    /// The features, in the model's order.
    pub features: BoundedVec<Column, ConstU32<FEATURES_MAX>>,
    /// The target.
    pub target: Target,
}

impl Schema {
    /// Whether names, scales and labels are usable.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Scale`], [`Error::Duplicate`] or [`Error::TargetIsFeature`];
    /// [`Error::Category`] when features take one column as a number and by labels, or a real target has
    /// what only features have.
    pub fn check(&self) -> Result<(), Error> {
        for column in &self.features {
            column.check()?;
        }
        match &self.target {
            Target::Real(column) => {
                column.check()?;
                if column.label.is_some() || column.missing.is_some() {
                    return Err(Error::Category);
                }
            }
            Target::Classes { name, labels } => {
                name.check()?;
                labels.iter().try_for_each(Name::check)?;
                all_different(labels.iter())?;
            }
        }
        let features = || self.features.iter();
        all_different(features().map(|feature| (&feature.name, &feature.label)))?;
        // Whoever names a column as a number names it once.
        let of_labels = features().filter(|feature| feature.label.is_some());
        let of_labels: BTreeSet<&Name> = of_labels.map(|feature| &feature.name).collect();
        let is_mixed =
            |feature: &&Column| feature.label.is_none() && of_labels.contains(&feature.name);
        if features().any(|feature| is_mixed(&feature)) {
            return Err(Error::Category);
        }
        let target = self.target.name();
        match features().any(|feature| feature.name == *target) {
            true => Err(Error::TargetIsFeature),
            false => Ok(()),
        }
    }
}

fn all_different<T: Ord>(names: impl Iterator<Item = T>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Duplicate);
        }
    }
    Ok(())
}
