//! The feature schema: how every client turns its rows into the same numbers.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Decimal, Error, Name,
    limits::{CLASSES_MAX, FEATURES_MAX},
};

/// A numeric column; the model sees `(value - offset) / scale`.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Column {
    /// Name in the header of the CSV file.
    pub name: Name,
    /// Subtracted first.
    pub offset: Decimal,
    /// Then divided by; above zero.
    pub scale: Decimal,
}

impl Column {
    fn check(&self) -> Result<(), Error> {
        self.name.check()?;
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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Target {
    /// A real number, for regression.
    Real(Column),
    /// One label of a fixed list, for classification.
    Classes {
        /// Name in the header of the CSV file.
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
    /// [`Error::Name`], [`Error::Scale`] or [`Error::Duplicate`].
    pub fn check(&self) -> Result<(), Error> {
        for column in &self.features {
            column.check()?;
        }
        let target = self.target.name();
        match &self.target {
            Target::Real(column) => column.check()?,
            Target::Classes { name, labels } => {
                name.check()?;
                labels.iter().try_for_each(Name::check)?;
                all_different(labels.iter())?;
            }
        }
        all_different(
            self.features
                .iter()
                .map(|column| &column.name)
                .chain([target]),
        )
    }
}

fn all_different<'a>(names: impl Iterator<Item = &'a Name>) -> Result<(), Error> {
    let mut seen = alloc::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Duplicate);
        }
    }
    Ok(())
}
