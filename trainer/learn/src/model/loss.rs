//! Loss functions and their derivatives by the model's outputs.

use ndarray::{ArrayViewMut1, ArrayViewMut2, Axis};

use crate::data::Targets;

/// The mean loss over the rows of `outputs` `[rows, outputs]`, which become its derivative by each of
/// them. `places` says where each row's target is.
///
/// Real targets: squared error `(o - y)^2`. Classes: cross-entropy `ln(sum(exp(o))) - o[class]`.
/// Each row must have its target, each class its output.
pub(crate) fn mean_loss(
    outputs: &mut ArrayViewMut2<'_, f64>,
    targets: &Targets,
    places: impl IntoIterator<Item = usize>,
) -> f64 {
    let rows = outputs.nrows() as f64;
    let mut sum = 0.0;
    match targets {
        Targets::Real(targets) => {
            for (output, place) in outputs.iter_mut().zip(places) {
                let error = *output - targets[place];
                sum += error * error;
                *output = 2.0 * error / rows;
            }
        }
        Targets::Classes(targets) => {
            for (mut row, place) in outputs.axis_iter_mut(Axis(0)).zip(places) {
                let class = targets[place];
                let score = row[class];
                sum += softmax(&mut row) - score;
                row[class] -= 1.0;
                row /= rows;
            }
        }
    }
    sum / rows
}

/// Turns scores into probabilities; returns `ln(sum(exp(scores)))`. The largest score is taken out
/// first, so that nothing overflows.
pub(crate) fn softmax(scores: &mut ArrayViewMut1<'_, f64>) -> f64 {
    let largest = scores.fold(f64::NEG_INFINITY, |largest, score| largest.max(*score));
    scores.mapv_inplace(|score| (score - largest).exp());
    let sum = scores.sum();
    *scores /= sum;
    largest + sum.ln()
}
