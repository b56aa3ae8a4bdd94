//! NumPy's format: one flat array.

use ndarray::{Array1, ArrayView1};
use ndarray_npy::{ViewNpyError, ViewNpyExt, WriteNpyExt};

use super::ContentError;

/// Weights of a float64 or float32 array. Views check the length in the header against the file's
/// before anything is allocated.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<f64>, ContentError> {
    match ArrayView1::<f64>::view_npy(bytes) {
        Ok(weights) => Ok(weights.to_vec()),
        Err(ViewNpyError::WrongDescriptor(_)) => match ArrayView1::<f32>::view_npy(bytes) {
            Ok(weights) => Ok(weights.mapv(f64::from).to_vec()),
            Err(error) => Err(refusal(error)),
        },
        Err(error) => Err(refusal(error)),
    }
}

fn refusal(error: ViewNpyError) -> ContentError {
    match error {
        ViewNpyError::WrongNdim(_, found) => ContentError::Dimensions { found },
        ViewNpyError::WrongDescriptor(found) => ContentError::Elements {
            tensor: "the array".into(),
            found: found.to_string(),
        },
        other => ContentError::Npy(other),
    }
}

pub(super) fn write(weights: Vec<f64>) -> Result<Vec<u8>, ContentError> {
    let mut bytes = Vec::new();
    let array = Array1::from_vec(weights);
    let written = array.write_npy(&mut bytes);
    written.map_err(|error| ContentError::Write(error.to_string()))?;
    Ok(bytes)
}
