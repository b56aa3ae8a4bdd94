//! Loss functions and their derivatives by the model's outputs.

use ndarray::{Array2, ArrayViewMut1, Axis};

use crate::data::Targets;

/// The mean loss over the rows of `outputs` `[rows, outputs]`, and its derivative by each of them.
///
/// Real targets: squared error `(o - y)^2`. Classes: cross-entropy `ln(sum(exp(o))) - o[class]`.
/// Each row must have its target, each class its output.
pub(super) fn mean_loss(mut outputs: Array2<f64>, targets: &Targets) -> (f64, Array2<f64>) {
    let rows = outputs.nrows() as f64;
    let mut sum = 0.0;
    match targets {
        Targets::Real(targets) => {
            for (output, target) in outputs.iter_mut().zip(targets) {
                let error = *output - target;
                sum += error * error;
                *output = 2.0 * error / rows;
            }
        }
        Targets::Classes(targets) => {
            for (mut row, class) in outputs.axis_iter_mut(Axis(0)).zip(targets) {
                let score = row[*class];
                sum += softmax(&mut row) - score;
                row[*class] -= 1.0;
                row /= rows;
            }
        }
    }
    (sum / rows, outputs)
}

/// Turns scores into probabilities; returns `ln(sum(exp(scores)))`. The largest score is taken out
/// first, so that nothing overflows.
pub(super) fn softmax(scores: &mut ArrayViewMut1<'_, f64>) -> f64 {
    let largest = scores.fold(f64::NEG_INFINITY, |largest, score| largest.max(*score));
    scores.mapv_inplace(|score| (score - largest).exp());
    let sum = scores.sum();
    *scores /= sum;
    largest + sum.ln()
}
