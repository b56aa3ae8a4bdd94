//! What is learned: model, initial weights, schema, number format and strategy.

use alloc::{vec, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{LeastSquares, Schema, Shape, Target};
use crate::{
    Error, Format, H256, NormRule, Optimiser, Strategy, Width, init,
    limits::{CHUNK_BYTES, HIDDEN_LAYERS_MAX, SEEDED_BYTES_MAX, UPDATE_BYTES_MAX},
};

/// The shape of the model. Inputs and outputs follow from the schema.
///
/// Weights are flattened layer by layer; a layer is `[outputs, inputs]` in row-major order,
/// followed by its biases `[outputs]`.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum ModelSpec {
    /// Linear regression: one output, no link function.
    Linear,
    /// Softmax (multinomial logistic) classification.
    Softmax,
    /// A multi-layer perceptron with ReLU between the layers.
    Mlp {
        /// Units of each hidden layer.
        hidden: BoundedVec<u16, ConstU32<HIDDEN_LAYERS_MAX>>,
    },
    /// Weights of a model that the chain does not know.
    Opaque {
        /// Number of weights.
        param_count: u32,
    },
}

/// Where the first server model comes from.
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
pub enum Initial {
    /// All weights zero.
    Zeros,
    /// The integer initialiser of [`crate::init`] from this seed.
    Seeded(u64),
    /// What the owner uploads after `create`.
    Uploaded {
        /// Root of its values.
        root: H256,
    },
}

/// What every update commits to: its hash is part of the commitment.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
pub struct TaskSpec {
    /// The model.
    pub model: ModelSpec,
    /// Its first weights.
    pub initial: Initial,
    /// Number format of all weights.
    #[cfg_attr(feature = "std", serde(default))]
    pub format: Format,
    /// Rule that makes one model of many updates.
    pub strategy: Strategy,
    /// What happens to updates far from the base model.
    #[cfg_attr(feature = "std", serde(default))]
    pub norm: Option<NormRule>,
    /// What the server does with the aggregate.
    #[cfg_attr(feature = "std", serde(default))]
    pub optimiser: Optimiser,
    /// How rows become numbers.
    pub schema: Schema,
}

impl TaskSpec {
    /// `(inputs, outputs)` of each layer; empty for an opaque model.
    pub fn layers(&self) -> Vec<(u32, u32)> {
        let inputs = self.schema.features.len() as u32;
        let outputs = self.schema.target.outputs();
        match &self.model {
            ModelSpec::Linear | ModelSpec::Softmax => vec![(inputs, outputs)],
            ModelSpec::Mlp { hidden } => {
                let ends = hidden
                    .iter()
                    .map(|units| u32::from(*units))
                    .chain([outputs]);
                ends.scan(inputs, |from, to| Some((core::mem::replace(from, to), to)))
                    .collect()
            }
            ModelSpec::Opaque { .. } => Vec::new(),
        }
    }

    /// Number of weights.
    ///
    /// # Errors
    /// [`Error::ParamCount`] when it is zero, or more than [`UPDATE_BYTES_MAX`] hold, or
    /// [`SEEDED_BYTES_MAX`] for a seeded model.
    pub fn param_count(&self) -> Result<u32, Error> {
        let found = match self.model {
            ModelSpec::Opaque { param_count } => param_count.into(),
            _ => self.layers().iter().fold(0u64, |sum, (inputs, outputs)| {
                let layer = u64::from(*inputs)
                    .saturating_add(1)
                    .saturating_mul((*outputs).into());
                sum.saturating_add(layer)
            }),
        };
        let bytes_max = match self.initial {
            Initial::Seeded(_) => SEEDED_BYTES_MAX,
            Initial::Zeros | Initial::Uploaded { .. } => UPDATE_BYTES_MAX,
        };
        let most = bytes_max / self.format.value_bytes();
        match u32::try_from(found) {
            Ok(count) if (1..=most).contains(&count) => Ok(count),
            _ => Err(Error::ParamCount { found, most }),
        }
    }

    /// Bytes of one model.
    ///
    /// # Errors
    /// As [`Self::param_count`].
    pub fn model_bytes(&self) -> Result<u32, Error> {
        Ok(self
            .param_count()?
            .saturating_mul(self.format.value_bytes()))
    }

    /// Chunks of one model; zero when the number of weights is out of range.
    pub fn model_chunks(&self) -> u32 {
        self.model_bytes().unwrap_or(0).div_ceil(CHUNK_BYTES)
    }

    /// Bytes of one update: those of a model, or of second moments where the strategy wants these.
    ///
    /// # Errors
    /// As [`Self::param_count`]; [`Error::Certificate`].
    pub fn update_bytes(&self) -> Result<u32, Error> {
        match self.strategy.terms() {
            Some(_) => Ok(self.shape()?.moment_bytes()),
            None => self.model_bytes(),
        }
    }

    /// Chunks of one update; zero when the number of weights is out of range.
    pub fn update_chunks(&self) -> u32 {
        self.update_bytes().unwrap_or(0).div_ceil(CHUNK_BYTES)
    }

    /// The shape of a certified regression.
    ///
    /// # Errors
    /// [`Error::Certificate`] when there are too many features.
    pub fn shape(&self) -> Result<Shape, Error> {
        Shape::new(self.schema.features.len() as u32)
    }

    /// Whether the task can be certified on these terms.
    fn check_terms(&self, terms: LeastSquares) -> Result<(), Error> {
        let is_plain = self.model == ModelSpec::Linear
            && matches!(self.initial, Initial::Zeros)
            && self.format.width == Width::I32
            && self.norm.is_none()
            && self.optimiser == Optimiser::default();
        let units = terms.penalty_units().zip(terms.epsilon_units());
        let Some((penalty, epsilon)) = units.filter(|_| is_plain) else {
            return Err(Error::Certificate);
        };
        let frac_bits = u32::from(self.format.frac_bits);
        // Rounding moves each weight by up to half a unit.
        let half = (1u64 << LeastSquares::EPSILON_BITS) >> frac_bits.saturating_add(1);
        let rounding = half
            .saturating_mul(half)
            .saturating_mul(self.shape()?.weights().into());
        // Rows are below 8 in size, so an eigenvalue of H is at most N (64 p + 1). Rounding a solution's p weights
        // to 2^-32 moves it by sqrt(p) 2^-33 and the residual by that much times the eigenvalue; curvature is at
        // least penalty N. Four times that quotient can be kept whatever the rows.
        let weights = u64::from(self.shape()?.weights());
        let residual = (weights.saturating_mul(64).saturating_add(1))
            .saturating_mul(weights.isqrt().saturating_add(1))
            .saturating_mul(2 << LeastSquares::PENALTY_BITS)
            .checked_div(penalty.into())
            .unwrap_or(u64::MAX);
        // Targets are below 8 in size, so the optimum is at most 8 / sqrt(penalty): its square, 64 / penalty,
        // is 2^30 / penalty in units, and must be below that of the largest weight.
        let largest = 1u64 << (31u32.saturating_sub(frac_bits)).min(31);
        let holds_optimum = largest
            .saturating_mul(largest)
            .saturating_mul(penalty.into())
            > 64 << LeastSquares::PENALTY_BITS;
        match rounding.isqrt().saturating_add(residual) < epsilon && holds_optimum {
            true => Ok(()),
            false => Err(Error::CertificateFormat),
        }
    }

    /// The first server model, `[param_count]`; none when it is uploaded.
    ///
    /// # Errors
    /// As [`Self::param_count`].
    pub fn initial_model(&self) -> Result<Option<Vec<i32>>, Error> {
        let param_count = self.param_count()? as usize;
        Ok(match self.initial {
            Initial::Zeros => Some(vec![0; param_count]),
            Initial::Seeded(seed) => Some(init::glorot(seed, &self.layers(), self.format)),
            Initial::Uploaded { .. } => None,
        })
    }

    /// Whether all parts fit together.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self) -> Result<(), Error> {
        self.schema.check()?;
        self.format.check()?;
        self.param_count()?;
        self.optimiser.check()?;
        self.strategy
            .terms()
            .map_or(Ok(()), |terms| self.check_terms(terms))?;
        match (&self.model, &self.schema.target) {
            (ModelSpec::Linear, Target::Classes { .. }) | (ModelSpec::Softmax, Target::Real(_)) => {
                Err(Error::TargetMismatch)
            }
            (ModelSpec::Softmax | ModelSpec::Mlp { .. }, Target::Classes { labels, .. })
                if labels.len() < 2 =>
            {
                Err(Error::TargetMismatch)
            }
            (ModelSpec::Mlp { hidden }, _) if hidden.contains(&0) => Err(Error::EmptyLayer),
            (ModelSpec::Opaque { .. }, _) if matches!(self.initial, Initial::Seeded(_)) => {
                Err(Error::SeededOpaque)
            }
            _ => Ok(()),
        }
    }
}
