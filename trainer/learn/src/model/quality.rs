//! What a model gets wrong, beyond one number: of a regression the absolute error and the share of the variance that
//! it explains, of a classification each class, and what is taken for what.
//!
//! Measures and undefined cases are scikit-learn's (`mean_absolute_error`, `r2_score`,
//! `precision_recall_fscore_support`, `confusion_matrix`); what it replaces by 0 or 1 is none here.

use fedchain_fl::{Target, TaskSpec};
use ndarray::{Array2, ArrayView1};
use serde::Serialize;

use super::{
    fit::checked_targets,
    metrics::{self, Metrics, largest},
    network::Network,
};
use crate::{
    LearnError,
    data::{Dataset, Targets, nearest},
};

/// A model's quality on some rows, in detail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// What every round reports.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// The rest.
    #[serde(flatten)]
    pub detail: Detail,
}

/// What depends on the kind of target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// Of a regression.
    Real {
        /// Mean absolute error, in the target's original unit.
        mae: f64,
        /// `1 - sum((y - prediction)^2) / sum((y - mean)^2)`; none where all targets are alike.
        r2: Option<f64>,
    },
    /// Of a classification.
    Classes {
        /// The schema's classes, in its order.
        classes: Vec<ClassQuality>,
        /// Rows of each class, by what the model takes them for: `[true class][predicted class]`.
        confusion: Vec<Vec<usize>>,
    },
}

/// How well one class is told from the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassQuality {
    /// Its label.
    pub label: String,
    /// Rows of the class.
    pub rows: usize,
    /// Rows that the model takes for it.
    pub predicted: usize,
    /// Share of the rows taken for it that are of it; none where no row is taken for it.
    pub precision: Option<f64>,
    /// Share of its rows that are taken for it; none where no row is of it.
    pub recall: Option<f64>,
    /// `2 right / (rows + predicted)`, the harmonic mean of both; none where both are undefined.
    pub f1: Option<f64>,
}

/// Measures a model, `[param_count]` at scale `2^-frac_bits`, on `data`.
///
/// # Errors
/// As [`evaluate`](metrics::evaluate).
pub fn assess(task: &TaskSpec, model: &[i32], data: &Dataset) -> Result<Quality, LearnError> {
    let model = Network::from_values(task, model)?;
    let targets = checked_targets(task, data)?;
    let outputs = model.outputs(&data.features);
    let detail = match (&task.schema.target, targets) {
        (Target::Real(column), Targets::Real(targets)) => {
            regression(&outputs, &targets.view(), nearest(column.scale))
        }
        (Target::Classes { labels, .. }, Targets::Classes(targets)) => {
            let labels = labels.iter().map(ToString::to_string).collect();
            classification(&outputs, &targets.view(), labels)
        }
        _ => return Err(LearnError::SchemaMismatch),
    };
    Ok(Quality {
        metrics: metrics::of(task, outputs, targets),
        detail,
    })
}

/// `outputs` `[rows, 1]` and `targets` are scaled, which R² does not see.
fn regression(outputs: &Array2<f64>, targets: &ArrayView1<'_, f64>, scale: f64) -> Detail {
    let rows = targets.len() as f64;
    let mean = targets.sum() / rows;
    let (mut absolute, mut squared, mut variance) = (0.0, 0.0, 0.0);
    for (output, target) in outputs.iter().zip(targets) {
        absolute += (output - target).abs();
        squared += (output - target).powi(2);
        variance += (target - mean).powi(2);
    }
    let first = targets.first();
    // Not by the variance: the mean of equal numbers is rounded.
    let is_varied = targets.iter().any(|target| Some(target) != first);
    Detail::Real {
        mae: absolute / rows * scale,
        r2: is_varied.then(|| 1.0 - squared / variance),
    }
}

fn classification(
    outputs: &Array2<f64>,
    targets: &ArrayView1<'_, usize>,
    labels: Vec<String>,
) -> Detail {
    let mut confusion = vec![vec![0; labels.len()]; labels.len()];
    for (row, class) in outputs.outer_iter().zip(targets) {
        confusion[*class][largest(&row)] += 1;
    }
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let classes = labels.into_iter().enumerate().map(|(class, label)| {
        let right = confusion[class][class];
        let rows = confusion[class].iter().sum();
        let predicted = confusion.iter().map(|row| row[class]).sum();
        ClassQuality {
            label,
            rows,
            predicted,
            precision: share(right, predicted),
            recall: share(right, rows),
            f1: share(2 * right, rows + predicted),
        }
    });
    Detail::Classes {
        classes: classes.collect(),
        confusion,
    }
}
