//! Models in files that other tools read and write.
//!
//! | ending | holds | read | written |
//! | --- | --- | --- | --- |
//! | `.json` | fixed-point values, as the chain has them, or [layers](layers_json) | yes | yes |
//! | `.npy` | NumPy: one array `[param_count]`, float64 (float32 and float16 are read too, in either order of bytes) | yes | yes |
//! | `.safetensors` | named tensors, float64 (float32, float16 and bfloat16 are read too) | yes | yes |
//! | `.onnx` | a graph from raw features to predictions, float64 | | yes |
//!
//! **Order of weights.** Layer by layer, of each the weights `[outputs, inputs]` row by row, then the
//! biases `[outputs]`. In safetensors these are the tensors `layer0.weight`, `layer0.bias`, `layer1.weight`
//! and so on; names with another beginning, whose layers differ in one number, are read in the order of
//! that number (`0.weight`, `0.bias`, `2.weight`, as PyTorch's `Sequential` calls them). An opaque model is
//! one tensor `weights` `[param_count]`; a file with other tensors is read too, one after another in the order
//! of their names' bytes, each row by row.
//!
//! Values of the chain are exact in float64, so a model that is written and read again is the same bit
//! for bit; what was trained elsewhere is rounded to the nearest fixed-point value when it is used.

#[cfg(test)]
mod damaged;
mod elements;
mod error;
mod layers;
mod npy;
pub mod onnx;
mod safetensors;
#[cfg(test)]
mod tests;

pub use error::{ContentError, FileError};
pub use layers::layers_json;

use std::{fs::File, io::Read, path::Path};

use fedchain_fl::{TaskSpec, view::ModelView};

use crate::{dequantise, whole::Whole};

/// Bytes of a weight in the largest of the formats, JSON's digits on a line of their own, and of what
/// stands around them all.
const BYTES_PER_WEIGHT_MAX: u64 = 64;
const BYTES_AROUND_MAX: u64 = 1 << 20;

/// Formats by a file's ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Npy,
    Safetensors,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, FileError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(FileError::Kind { file: path.into() }),
        }
    }
}

/// Reads the weights of a model of `task`: `[param_count]`, finite.
///
/// # Errors
/// [`FileError`] when the file cannot be read, is far too large, or holds another model.
pub fn read(path: &Path, task: &TaskSpec) -> Result<Vec<f64>, FileError> {
    let kind = Kind::of(path)?;
    let expected = task.param_count()? as usize;
    let bytes = bounded(path, expected)?;
    let weights = match kind {
        Kind::Json => layers::read(&bytes, task),
        Kind::Npy => npy::read(&bytes),
        Kind::Safetensors => safetensors::read(&bytes, task),
    };
    let weights = weights.map_err(|reason| FileError::Content {
        file: path.into(),
        reason,
    })?;
    if weights.len() != expected {
        return Err(FileError::Length {
            file: path.into(),
            found: weights.len(),
            expected,
        });
    }
    match weights.iter().position(|weight| !weight.is_finite()) {
        Some(index) => Err(FileError::NotFinite {
            file: path.into(),
            index,
        }),
        None => Ok(weights),
    }
}

/// Whether a model could be written to `path`, before anybody works for it.
///
/// # Errors
/// [`FileError`] for an unknown ending, or when the file cannot be written.
pub fn check(path: &Path) -> Result<(), FileError> {
    Kind::of(path)?;
    Whole::at(path).check().map_err(|source| FileError::System {
        file: path.into(),
        source,
    })
}

/// Writes a server model of `task`, whole.
///
/// # Errors
/// [`FileError`] for an unknown ending, or when the file cannot be written.
pub fn write(path: &Path, task: &TaskSpec, model: &ModelView) -> Result<(), FileError> {
    let weights = || dequantise(&model.values, task.format);
    let bytes = match Kind::of(path)? {
        Kind::Json => serde_json::to_vec_pretty(model).map_err(ContentError::from),
        Kind::Npy => npy::write(weights()),
        Kind::Safetensors => safetensors::write(&weights(), task, None),
    };
    save(path, bytes)
}

/// Writes safetensors whatever the file is called, with all that [`layers_json`] says but the layers
/// as metadata, of the name `fedchain`.
///
/// # Errors
/// As [`write()`]; for an opaque model, whose tensors have no names.
pub fn write_safetensors(path: &Path, task: &TaskSpec, model: &ModelView) -> Result<(), FileError> {
    let weights = dequantise(&model.values, task.format);
    let about = layers_json(task, model).map_err(ContentError::from);
    save(
        path,
        about.and_then(|about| safetensors::write(&weights, task, Some(about))),
    )
}

fn save(path: &Path, bytes: Result<Vec<u8>, ContentError>) -> Result<(), FileError> {
    let bytes = bytes.map_err(|reason| FileError::Content {
        file: path.into(),
        reason,
    })?;
    Whole::at(path)
        .write(bytes)
        .map_err(|source| FileError::System {
            file: path.into(),
            source,
        })
}

/// A file's bytes, unless there are many more than such a model has.
fn bounded(path: &Path, weights: usize) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::System {
        file: path.into(),
        source,
    };
    let max = (weights as u64)
        .saturating_mul(BYTES_PER_WEIGHT_MAX)
        .saturating_add(BYTES_AROUND_MAX);
    let too_large = |found| FileError::TooLarge {
        file: path.into(),
        found,
        weights,
    };
    let file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?.len();
    if found > max {
        return Err(too_large(found));
    }
    // A pipe or a device says nothing of its length.
    let mut bytes = Vec::with_capacity(found as usize);
    let mut bounded = file.take(max.saturating_add(1));
    let found = bounded.read_to_end(&mut bytes).map_err(failed)? as u64;
    match found > max {
        true => Err(too_large(found)),
        false => Ok(bytes),
    }
}
