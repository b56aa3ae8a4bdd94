//! What can be wrong with a model file.

use std::{io, path::PathBuf};

use safetensors::SafeTensorError;
use thiserror::Error;

use crate::LearnError;

/// Why a model file cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// The ending names no format.
    #[error("{}: name a file that ends with .json, .npy or .safetensors", file.display())]
    Kind {
        /// The file.
        file: PathBuf,
    },
    /// The system refused.
    #[error("cannot use {}: {source}", file.display())]
    System {
        /// The file.
        file: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Too large for such a model.
    #[error(
        "{} has {found} bytes, far more than a model of {weights} weights: is it another model's?",
        file.display()
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Its bytes.
        found: u64,
        /// Weights of the federation's model.
        weights: usize,
    },
    /// Not of its format, or not of this model.
    #[error("{}: {reason}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: ContentError,
    },
    /// Another number of weights.
    #[error("{} has {found} weights, the federation's model has {expected}", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// Weights in it.
        found: usize,
        /// Weights of the federation's model.
        expected: usize,
    },
    /// NaN or infinite.
    #[error("{}: weight {index} is not finite: training has diverged", file.display())]
    NotFinite {
        /// The file.
        file: PathBuf,
        /// Place of the weight, from 0.
        index: usize,
    },
    /// The federation's task is impossible.
    #[error(transparent)]
    Task(#[from] fedchain_fl::Error),
}

/// What is wrong inside a model file, or with a model that should go into one.
#[derive(Debug, Error)]
pub enum ContentError {
    /// Cut off, or no JSON of a model.
    #[error("not a model in JSON ({0}): take a file of `fedchain model get` or `model export`")]
    Json(#[from] serde_json::Error),
    /// JSON of something else.
    #[error(
        "it has neither frac_bits and values, nor layers: take a file of `fedchain model get` or `model export`"
    )]
    NoModel,
    /// A number format that no federation has.
    #[error("{0}: take a file of `fedchain model get` or `model export`")]
    Format(fedchain_fl::Error),
    /// Cut off, or no file of NumPy.
    #[error("not an array of NumPy ({0}): save it with numpy.save")]
    Npy(String),
    /// An array that is not flat.
    #[error("the array has {found} dimensions: save one flat array, with .ravel()")]
    Dimensions {
        /// Its dimensions.
        found: usize,
    },
    /// Cut off, or no safetensors.
    #[error("not safetensors ({0}): save it again")]
    Safetensors(#[from] SafeTensorError),
    /// Elements that are no floating point of these sizes. Whole numbers could be weights or fixed-point values.
    #[error(
        "{tensor} holds {found}: save weights as floating point of 64, 32 or 16 bits, whole numbers too"
    )]
    Elements {
        /// Which tensor.
        tensor: String,
        /// What it holds.
        found: String,
    },
    /// Names that do not say which layer comes first.
    #[error(
        "it has {found}; a model of {layers} layers has a weight and a bias of each, whose names \
         differ in one number, as layer0.weight and layer0.bias do, or 0.weight and 0.bias"
    )]
    Names {
        /// Its tensors.
        found: String,
        /// Layers of the federation's model.
        layers: usize,
    },
    /// Layers of another model.
    #[error("{tensor} has the shape {found:?}, the federation's model has {expected:?}")]
    Shape {
        /// Which tensor.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape in the federation's model.
        expected: Vec<usize>,
    },
    /// More or fewer layers.
    #[error("it has {found} layers, the federation's model has {expected}")]
    Layers {
        /// Its layers.
        found: usize,
        /// Layers of the federation's model.
        expected: usize,
    },
    /// The model cannot be written like this.
    #[error(transparent)]
    Model(#[from] LearnError),
    /// The writer failed.
    #[error("it cannot be written: {0}")]
    Write(String),
}
