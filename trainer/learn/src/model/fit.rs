//! Whether data fits a task, asked before any arithmetic.

use fedchain_fl::{Target, TaskSpec};
use ndarray::Array2;

use crate::LearnError;
use crate::data::{Dataset, Targets};

/// Whether `features` has the schema's columns and any row.
pub(crate) fn check_features(task: &TaskSpec, features: &Array2<f64>) -> Result<(), LearnError> {
    if features.nrows() == 0 {
        return Err(LearnError::NoRows);
    }
    if features.ncols() != task.schema.features.len() {
        return Err(LearnError::SchemaMismatch);
    }
    Ok(())
}

/// The targets, one for each row and of the schema's kind.
pub(crate) fn checked_targets<'a>(
    task: &TaskSpec,
    data: &'a Dataset,
) -> Result<&'a Targets, LearnError> {
    check_features(task, &data.features)?;
    let targets = data.targets.as_ref().ok_or(LearnError::NoTargets)?;
    let fits = match (targets, &task.schema.target) {
        (Targets::Real(values), Target::Real(_)) => values.len() == data.rows(),
        (Targets::Classes(classes), Target::Classes { labels, .. }) => {
            classes.len() == data.rows() && classes.iter().all(|class| *class < labels.len())
        }
        _ => false,
    };
    if fits {
        Ok(targets)
    } else {
        Err(LearnError::SchemaMismatch)
    }
}
