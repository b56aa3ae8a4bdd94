//! The optimum of a linear model on a client's rows, by normal equations and Cholesky's decomposition.
//!
//! Minimises `|X w + b - y|^2 / rows + l2 / 2 * |w|^2 + proximal / 2 * |(b, w) - base|^2`, the loss
//! that gradient descent approaches.

use fedchain_fl::TaskSpec;
use ndarray::{Array1, Array2, s};

use super::Hyper;
use crate::{
    LearnError,
    data::{Dataset, Targets},
    model::network::Network,
};

/// Pivots below this share of their diagonal entry are rounding: the columns depend on each other.
const PIVOT_MIN: f64 = 1e-12;

/// The optimum, with `model` as the base.
///
/// # Errors
/// [`LearnError::NotLinear`]; [`LearnError::Undetermined`] when many models are equally good.
pub(super) fn solve(
    task: &TaskSpec,
    mut model: Network,
    data: &Dataset,
    targets: &Targets,
    hyper: &Hyper,
) -> Result<Network, LearnError> {
    let (Targets::Real(targets), [layer]) = (targets, &mut model.layers[..]) else {
        return Err(LearnError::NotLinear);
    };
    // The bias comes first, so that it is the constant feature that is named.
    let features = &task.schema.features;
    let mut inputs = Array2::ones((data.rows(), features.len() + 1));
    inputs.slice_mut(s![.., 1..]).assign(&data.features);
    let scale = 2.0 / data.rows() as f64;
    let mut normal = inputs.t().dot(&inputs) * scale;
    let mut right = inputs.t().dot(targets) * scale;
    for (place, entry) in normal.diag_mut().iter_mut().enumerate() {
        *entry += hyper.proximal + if place > 0 { hyper.l2 } else { 0.0 };
    }
    let base = layer.biases.iter().chain(&layer.weights);
    for (entry, base) in right.iter_mut().zip(base) {
        *entry += hyper.proximal * base;
    }
    let solution = cholesky(normal, right).map_err(|column| LearnError::Undetermined {
        feature: match column.checked_sub(1).and_then(|place| features.get(place)) {
            Some(feature) => feature.name.to_string(),
            None => "the bias".into(),
        },
    })?;
    let places = layer.biases.iter_mut().chain(&mut layer.weights);
    places.zip(solution).for_each(|(to, from)| *to = from);
    Ok(model)
}

/// Solves `matrix x = right` for a symmetric positive definite matrix; else the first column that
/// those before it determine.
fn cholesky(mut matrix: Array2<f64>, mut right: Array1<f64>) -> Result<Array1<f64>, usize> {
    let size = right.len();
    for column in 0..size {
        let known = matrix.slice(s![column, ..column]).to_owned();
        let entry = matrix[(column, column)];
        let pivot = entry - known.dot(&known);
        if pivot.is_nan() || pivot <= PIVOT_MIN * entry {
            return Err(column);
        }
        let pivot = pivot.sqrt();
        matrix[(column, column)] = pivot;
        for row in column + 1..size {
            let rest = matrix[(row, column)] - matrix.slice(s![row, ..column]).dot(&known);
            matrix[(row, column)] = rest / pivot;
        }
    }
    for row in 0..size {
        let known = matrix.slice(s![row, ..row]).dot(&right.slice(s![..row]));
        right[row] = (right[row] - known) / matrix[(row, row)];
    }
    for row in (0..size).rev() {
        let known = matrix
            .slice(s![row + 1.., row])
            .dot(&right.slice(s![row + 1..]));
        right[row] = (right[row] - known) / matrix[(row, row)];
    }
    Ok(right)
}
