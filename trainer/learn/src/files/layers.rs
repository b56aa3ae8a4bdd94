//! JSON: fixed-point values, as the chain has them, or layers of numbers for readers, with what to do
//! with a row before and after.

use fedchain_fl::{Format, TaskSpec, Width, view::ModelView};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ContentError;
use crate::{LearnError, dequantise, model::network::Network};

/// What is read of either kind; the rest of a file is for people.
#[derive(Deserialize)]
struct Content {
    frac_bits: Option<u8>,
    values: Option<Vec<i32>>,
    layers: Option<Vec<Layer>>,
}

#[derive(Deserialize)]
struct Layer {
    /// `[outputs][inputs]`
    weights: Vec<Vec<f64>>,
    /// `[outputs]`
    biases: Vec<f64>,
}

/// Weights of a model of `task`, which may come from a federation with another number format.
pub(super) fn read(bytes: &[u8], task: &TaskSpec) -> Result<Vec<f64>, ContentError> {
    match serde_json::from_slice(bytes)? {
        Content {
            frac_bits: Some(frac_bits),
            values: Some(values),
            ..
        } => {
            // Values of 16 bits are read as such of 32: the width is not in the file.
            let format = Format {
                frac_bits,
                width: Width::I32,
            };
            format.check().map_err(ContentError::Format)?;
            Ok(dequantise(&values, format))
        }
        Content {
            layers: Some(layers),
            ..
        } => flatten(layers, task),
        _ => Err(ContentError::NoModel),
    }
}

/// The weights of layers, each of the shape that the task gives it.
fn flatten(layers: Vec<Layer>, task: &TaskSpec) -> Result<Vec<f64>, ContentError> {
    let shapes = task.layers();
    if layers.len() != shapes.len() {
        return Err(ContentError::Layers {
            found: layers.len(),
            expected: shapes.len(),
        });
    }
    let mut weights = Vec::new();
    for (place, (layer, (inputs, outputs))) in (0..).zip(layers.into_iter().zip(shapes)) {
        let (inputs, outputs) = (inputs as usize, outputs as usize);
        let wrong = |part: &str, found, expected| ContentError::Shape {
            tensor: format!("layer {place}: {part}"),
            found,
            expected,
        };
        let mut columns = layer.weights.iter().map(Vec::len);
        let columns = columns.find(|columns| *columns != inputs);
        let found = vec![layer.weights.len(), columns.unwrap_or(inputs)];
        if found != [outputs, inputs] {
            return Err(wrong("weights", found, vec![outputs, inputs]));
        }
        if layer.biases.len() != outputs {
            return Err(wrong("biases", vec![layer.biases.len()], vec![outputs]));
        }
        weights.extend(layer.weights.into_iter().flatten());
        weights.extend(layer.biases);
    }
    Ok(weights)
}

/// The schema, the layers `weights` `[outputs, inputs]` and `biases` `[outputs]`, and where the model is
/// from, as JSON. A feature is `(value - offset) / scale`, with `label` 1 where the cell holds it and
/// else 0; between layers what is below zero becomes zero; a regression's output is turned back by
/// `* scale + offset`, scores of classes by softmax.
///
/// # Errors
/// [`LearnError`] for an opaque model, or weights of another one.
pub fn layers_json(task: &TaskSpec, model: &ModelView) -> Result<Value, LearnError> {
    let network = Network::from_values(task, &model.values)?;
    let layers = network.layers.iter().map(|layer| {
        let weights = layer.weights.outer_iter().map(|row| row.to_vec());
        json!({ "weights": weights.collect::<Vec<_>>(), "biases": layer.biases.to_vec() })
    });
    Ok(json!({
        "federation": model.federation,
        "round": model.round,
        "root": model.root,
        "model": task.model,
        "features": task.schema.features,
        "target": task.schema.target,
        "layers": layers.collect::<Vec<_>>(),
    }))
}
