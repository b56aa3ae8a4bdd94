//! Ordinary least squares, independent of the trainer: normal equations, solved by Gaussian
//! elimination.

use anyhow::{Result, ensure};
use ndarray::{Array1, Array2, Axis, concatenate};

/// The weights that minimise the squared error, with the bias last: `[inputs + 1]`.
///
/// # Errors
/// When the columns of `features` are linearly dependent.
pub fn least_squares(features: &Array2<f64>, targets: &Array1<f64>) -> Result<Array1<f64>> {
    let design = with_ones(features)?;
    solve(design.t().dot(&design), design.t().dot(targets))
}

/// The weights, the bias last, that minimise the mean squared error plus `penalty` times their squared
/// norm: `[inputs + 1]`.
///
/// # Errors
/// When shapes do not fit.
pub fn ridge(features: &Array2<f64>, targets: &Array1<f64>, penalty: f64) -> Result<Array1<f64>> {
    let design = with_ones(features)?;
    let weight = penalty * targets.len() as f64;
    let ridge = Array2::from_diag_elem(design.ncols(), weight);
    solve(design.t().dot(&design) + ridge, design.t().dot(targets))
}

/// Root of the mean squared error of `weights` from [`least_squares`].
///
/// # Errors
/// When shapes do not fit.
pub fn rmse(weights: &Array1<f64>, features: &Array2<f64>, targets: &Array1<f64>) -> Result<f64> {
    let errors = with_ones(features)?.dot(weights) - targets;
    Ok((errors.dot(&errors) / targets.len() as f64).sqrt())
}

fn with_ones(features: &Array2<f64>) -> Result<Array2<f64>> {
    let ones = Array2::ones((features.nrows(), 1));
    Ok(concatenate(Axis(1), &[features.view(), ones.view()])?)
}

/// Solves `a * x = b` with row pivoting.
fn solve(mut a: Array2<f64>, mut b: Array1<f64>) -> Result<Array1<f64>> {
    let size = b.len();
    for step in 0..size {
        let pivot = (step..size)
            .max_by(|i, j| a[[*i, step]].abs().total_cmp(&a[[*j, step]].abs()))
            .unwrap_or(step);
        ensure!(
            a[[pivot, step]].abs() > 1e-12,
            "column {step} depends on the others"
        );
        for column in 0..size {
            a.swap([step, column], [pivot, column]);
        }
        b.swap(step, pivot);
        for row in (0..size).filter(|row| *row != step) {
            let factor = a[[row, step]] / a[[step, step]];
            for column in step..size {
                a[[row, column]] -= factor * a[[step, column]];
            }
            b[row] -= factor * b[step];
        }
    }
    Ok(b / a.diag())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn finds_the_line_that_was_drawn() {
        let features = array![[0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [-1.0, 3.0], [4.0, 4.0]];
        let expected = array![2.0, -3.0, 0.5];
        let targets = with_ones(&features).unwrap().dot(&expected);
        let found = least_squares(&features, &targets).unwrap();
        assert!(
            (&found - &expected).iter().all(|error| error.abs() < 1e-12),
            "{found}"
        );
        assert!(rmse(&found, &features, &targets).unwrap() < 1e-12);
    }

    #[test]
    fn a_penalty_leaves_its_own_slope() {
        let features = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [2.0, 2.0], [-3.0, 1.0]];
        let targets = array![1.0, -2.0, 3.0, 0.0, 5.0];
        let weights = ridge(&features, &targets, 0.25).unwrap();
        let design = with_ones(&features).unwrap();
        let slope = design.t().dot(&(design.dot(&weights) - &targets)) + &weights * (0.25 * 5.0);
        assert!(slope.iter().all(|slope| slope.abs() < 1e-12), "{slope}");
    }

    #[test]
    fn leaves_errors_orthogonal_to_every_column() {
        let features = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [2.0, 2.0], [-3.0, 1.0]];
        let targets = array![1.0, -2.0, 3.0, 0.0, 5.0];
        let weights = least_squares(&features, &targets).unwrap();
        let design = with_ones(&features).unwrap();
        let slope = design.t().dot(&(design.dot(&weights) - &targets));
        assert!(slope.iter().all(|slope| slope.abs() < 1e-12), "{slope}");
    }

    #[test]
    fn dependent_columns_are_refused() {
        let features = array![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]];
        assert!(least_squares(&features, &array![1.0, 2.0, 3.0]).is_err());
    }
}
