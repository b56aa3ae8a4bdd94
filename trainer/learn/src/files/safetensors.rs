//! Safetensors: named tensors, as PyTorch and JAX keep them.

use std::collections::HashMap;

use fedchain_fl::TaskSpec;
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensorError, SafeTensors, serialize, tensor::TensorView};
use serde_json::Value;

use super::{ContentError, elements::decoded};
use crate::LearnError;

/// Name of an opaque model's only tensor, and ends of the names of a layer's two.
const WEIGHTS: &str = "weights";
const WEIGHT: &str = "weight";
const BIAS: &str = "bias";
/// Names that an error lists.
const NAMES_SHOWN: usize = 8;

/// Names and shapes of a task's tensors, in the order of the weights.
fn tensors(task: &TaskSpec, params: usize) -> Vec<(String, Vec<usize>)> {
    let layers = task.layers();
    if layers.is_empty() {
        return vec![(WEIGHTS.into(), vec![params])];
    }
    let layers = (0..).zip(layers).flat_map(|(place, (inputs, outputs))| {
        let (inputs, outputs): (usize, usize) = (inputs as usize, outputs as usize);
        [
            (format!("layer{place}.{WEIGHT}"), vec![outputs, inputs]),
            (format!("layer{place}.{BIAS}"), vec![outputs]),
        ]
    });
    layers.collect()
}

/// Weights of a file with a model of `task`: of its layers by their names, else of all tensors.
pub(super) fn read(bytes: &[u8], task: &TaskSpec) -> Result<Vec<f64>, ContentError> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut names: Vec<&str> = file.names().into_iter().collect();
    names.sort_unstable();
    let mut weights = Vec::new();
    let layers = task.layers();
    if layers.is_empty() || names == [WEIGHTS] {
        for name in names {
            append(name, &file.tensor(name)?, &mut weights)?;
        }
        return Ok(weights);
    }
    let stems = stems(&names).filter(|stems| stems.len() == layers.len());
    let stems = stems.ok_or_else(|| ContentError::Names {
        found: listed(&names),
        layers: layers.len(),
    })?;
    for (stem, (inputs, outputs)) in stems.into_iter().zip(layers) {
        let (inputs, outputs) = (inputs as usize, outputs as usize);
        for (part, expected) in [(WEIGHT, vec![outputs, inputs]), (BIAS, vec![outputs])] {
            let name = format!("{stem}{part}");
            let tensor = file.tensor(&name)?;
            if tensor.shape() != expected {
                return Err(ContentError::Shape {
                    tensor: name,
                    found: tensor.shape().to_vec(),
                    expected,
                });
            }
            append(&name, &tensor, &mut weights)?;
        }
    }
    Ok(weights)
}

/// What stands before `weight` and `bias` in the names of a model's tensors, in the order of its layers:
/// `layer0.`, or `0.` and `2.` of PyTorch's `Sequential`. None where the names leave that open.
fn stems<'a>(names: &[&'a str]) -> Option<Vec<&'a str>> {
    let of = |part| {
        let stems = names.iter().filter_map(move |name| name.strip_suffix(part));
        stems.collect::<Vec<_>>()
    };
    let mut stems = of(WEIGHT);
    if stems != of(BIAS) || 2 * stems.len() != names.len() {
        return None;
    }
    if stems.len() == 1 {
        return Some(stems);
    }
    let mut numbered = Vec::new();
    for stem in &stems {
        numbered.push((numbered_parts(stem)?, *stem));
    }
    let same = |a: &Numbered<'_>, b: &Numbered<'_>| (a.before, a.after) == (b.before, b.after);
    numbered.sort_unstable_by_key(|(parts, _)| parts.number);
    let is_ordered = numbered.windows(2).all(|pair| match pair {
        [(a, _), (b, _)] => same(a, b) && a.number < b.number,
        _ => true,
    });
    stems = numbered.into_iter().map(|(_, stem)| stem).collect();
    is_ordered.then_some(stems)
}

/// A name around its last number.
struct Numbered<'a> {
    before: &'a str,
    number: u32,
    after: &'a str,
}

fn numbered_parts(stem: &str) -> Option<Numbered<'_>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let end = stem.rfind(is_digit)?.checked_add(1)?;
    let (head, after) = stem.split_at_checked(end)?;
    let before = head.trim_end_matches(is_digit);
    Some(Numbered {
        before,
        number: head.get(before.len()..)?.parse().ok()?,
        after,
    })
}

/// The first names, for an error.
fn listed(names: &[&str]) -> String {
    let first = names.iter().take(NAMES_SHOWN).copied();
    let mut list = first.collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        list.push_str("no tensors");
    }
    if let Some(more @ 1..) = names.len().checked_sub(NAMES_SHOWN) {
        list.push_str(&format!(" and {more} more"));
    }
    list
}

/// Appends a tensor's elements, row by row. The format has one order of bytes.
fn append(name: &str, tensor: &TensorView<'_>, weights: &mut Vec<f64>) -> Result<(), ContentError> {
    let data = tensor.data();
    let elements = match tensor.dtype() {
        Dtype::F64 => decoded(data, f64::from_le_bytes),
        Dtype::F32 => decoded(data, |bytes| f32::from_le_bytes(bytes).into()),
        Dtype::F16 => decoded(data, |bytes| f16::from_le_bytes(bytes).into()),
        Dtype::BF16 => decoded(data, |bytes| bf16::from_le_bytes(bytes).into()),
        _ => None,
    };
    // That the bytes are as many as the shape needs was checked with the header.
    weights.extend(elements.ok_or_else(|| ContentError::Elements {
        tensor: name.into(),
        found: format!("{:?}", tensor.dtype()),
    })?);
    Ok(())
}

/// A file of float64 tensors; `about` goes into its metadata, but for the layers.
pub(super) fn write(
    weights: &[f64],
    task: &TaskSpec,
    about: Option<Value>,
) -> Result<Vec<u8>, ContentError> {
    let tensors = tensors(task, weights.len());
    let expected = tensors.iter().map(|(_, shape)| size(shape)).sum();
    let mut rest = weights;
    let mut parts = Vec::new();
    for (name, shape) in tensors {
        let Some((part, after)) = rest.split_at_checked(size(&shape)) else {
            let found = weights.len();
            return Err(LearnError::ModelLength { expected, found }.into());
        };
        rest = after;
        let bytes = part.iter().flat_map(|weight| weight.to_le_bytes());
        parts.push((name, shape, bytes.collect::<Vec<u8>>()));
    }
    let views = parts.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F64, shape.clone(), bytes)?;
        Ok((name, view))
    });
    let views: Vec<_> = views.collect::<Result<_, SafeTensorError>>()?;
    let metadata = about.map(|mut about| {
        if let Some(fields) = about.as_object_mut() {
            fields.remove("layers");
        }
        HashMap::from([("fedchain".to_owned(), about.to_string())])
    });
    Ok(serialize(views, metadata)?)
}

fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}
