//! Second moments of the client's rows, for certified regressions, and what follows from those of all.

use fedchain_fl::{Decimal, Shape, TaskSpec, view::Bound};
use fedchain_verifier::{
    Verifier,
    optimality::{self, Moments, Problem, ROW_BITS, ROW_MAX, Solution},
};
use ndarray::ArrayView1;
use thiserror::Error;

use crate::{
    LearnError,
    data::{Dataset, Targets},
    model::fit::checked_targets,
};

/// Rows per feature below which moments say too much of single rows: with one row they are the row.
pub(crate) const ROWS_PER_FEATURE: usize = 2;

/// Why a regression is not certified.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum Uncertified {
    /// The task asks for no certificate.
    #[error("its strategy is not least_squares")]
    OtherStrategy,
    /// No rows have such moments.
    #[error("the moments are not those of any rows")]
    NotOfRows,
    /// The bound on the distance from the optimum is too large.
    #[error(
        "the model that is rounded to the number format is proven to be within {distance:.1e} of the optimum, \
         and must be within {epsilon}: it takes a larger epsilon, more frac_bits or a larger penalty"
    )]
    TooFar {
        /// What can be proven.
        distance: f64,
        /// What the task asks for.
        epsilon: Decimal,
    },
    /// The check of certificates refuses the solution for another reason.
    #[error(transparent)]
    Refused(#[from] optimality::Error),
}

/// Solves a certified regression from the moments of all its clients, and checks the solution as the chain
/// will.
///
/// # Errors
/// [`Uncertified`], which the moments of true rows rarely are: specs that ask for too much are refused.
pub fn certify(task: &TaskSpec, moments: Moments) -> Result<(Solution, Bound), Uncertified> {
    let terms = task.strategy.terms().ok_or(Uncertified::OtherStrategy)?;
    let problem = Problem::on_terms(moments, terms, task.format)?;
    let solution = optimality::solve(&problem).ok_or(Uncertified::NotOfRows)?;
    problem
        .verify(&solution.encode())
        .map_err(|error| match error {
            optimality::Error::TooFar { epsilon } => Uncertified::TooFar {
                distance: Bound { epsilon, mu: 0 }.distance(),
                epsilon: terms.epsilon,
            },
            error => error.into(),
        })
}

/// `X' X` and `X' y` of the rows, with values and targets rounded to 2^-12, half to even.
///
/// # Errors
/// [`LearnError::TooFewRows`] for fewer rows than twice the features, [`LearnError::RowOutOfRange`]
/// for a value beyond 8.
pub fn moments(task: &TaskSpec, shape: Shape, data: &Dataset) -> Result<Moments, LearnError> {
    let Targets::Real(targets) = checked_targets(task, data)? else {
        return Err(LearnError::SchemaMismatch);
    };
    let needed = ROWS_PER_FEATURE * data.features.ncols();
    if data.rows() < needed {
        let found = data.rows();
        return Err(LearnError::TooFewRows { found, needed });
    }
    let mut moments = Moments::zero(shape);
    for (row, (values, target)) in data.features.rows().into_iter().zip(targets).enumerate() {
        let out_of_range = |column: usize, value: f64| LearnError::RowOutOfRange {
            row: row + 1,
            column: match task.schema.features.get(column) {
                Some(feature) => feature.name.to_string(),
                None => task.schema.target.name().to_string(),
            },
            value,
        };
        let target = quantise(*target).ok_or_else(|| out_of_range(values.len(), *target))?;
        let values = quantise_all(values).map_err(|at| out_of_range(at, values[at]))?;
        moments
            .add_row(&values, target)
            .map_err(|_| LearnError::TooManyRows)?;
    }
    Ok(moments)
}

/// All values, or the place of the first that is out of range.
fn quantise_all(values: ArrayView1<f64>) -> Result<Vec<i16>, usize> {
    let values = values.iter().enumerate();
    values
        .map(|(place, value)| quantise(*value).ok_or(place))
        .collect()
}

/// A value in units of 2^-12; none when it is out of range.
pub fn quantise(value: f64) -> Option<i16> {
    let units = (value * f64::from(1u32 << ROW_BITS)).round_ties_even();
    (units.abs() <= f64::from(ROW_MAX)).then_some(units as i16)
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{LeastSquares, Strategy};
    use ndarray::array;

    use super::*;
    use crate::tests::linear;

    #[test]
    fn values_are_rounded_half_to_even_and_end_below_8() {
        let unit = 0.5f64.powi(12);
        for (value, expected) in [
            (0.5 * unit, Some(0)),
            (1.5 * unit, Some(2)),
            (-2.5 * unit, Some(-2)),
            (32_767.4 * unit, Some(32_767)),
            (-32_767.4 * unit, Some(-32_767)),
            (8.0, None),
            (-8.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(quantise(value), expected, "{value}");
        }
    }

    fn certified(penalty: &str, epsilon: &str) -> TaskSpec {
        let mut task = linear();
        task.strategy = Strategy::LeastSquares(LeastSquares {
            penalty: penalty.parse().unwrap(),
            epsilon: epsilon.parse().unwrap(),
        });
        task
    }

    /// Four rows with `y = a`; b is always the same.
    fn rows() -> Dataset {
        Dataset {
            features: array![[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]],
            targets: Some(Targets::Real(array![0.0, 1.0, 2.0, 3.0])),
        }
    }

    #[test]
    fn the_optimum_is_known_before_anything_is_sent() {
        let task = certified("0.001", "1e-4");
        let moments = moments(&task, task.shape().unwrap(), &rows()).unwrap();
        let (solution, bound) = certify(&task, moments.clone()).unwrap();
        let slope = solution.weights[0] as f64 / 2f64.powi(32);
        assert!((slope - 1.0).abs() < 0.01, "{slope}");
        assert!(bound.distance() < 1e-4, "{bound:?}");
        let asks = |epsilon| certify(&certified("0.001", epsilon), moments.clone()).unwrap_err();
        let said = asks("1e-9").to_string();
        assert!(
            said.contains("and must be within 1e-9: it takes a larger epsilon"),
            "{said}"
        );
        let said = certify(&certified("65", "1"), moments.clone()).unwrap_err();
        assert_eq!(said, Uncertified::Refused(optimality::Error::Penalty));
        assert_eq!(certify(&linear(), moments), Err(Uncertified::OtherStrategy));
    }

    #[test]
    fn few_rows_and_far_values_are_refused_by_name() {
        let task = certified("1", "1");
        let shape = task.shape().unwrap();
        let mut data = Dataset {
            features: array![[0.0, 1.0], [1.0, 0.0], [2.0, 9.0], [1.0, 1.0]],
            targets: Some(Targets::Real(array![0.0, 1.0, 0.5, 0.0])),
        };
        let said = |data: &Dataset| moments(&task, shape, data).unwrap_err().to_string();
        let far = said(&data);
        assert!(
            far.starts_with("data row 3, the header not counted: b is 9 after"),
            "{far}"
        );
        data.features[(2, 1)] = -1.0;
        assert!(moments(&task, shape, &data).is_ok());
        let few = Dataset {
            features: array![[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]],
            targets: Some(Targets::Real(array![0.0, 1.0, 0.5])),
        };
        assert!(said(&few).contains('4'), "{}", said(&few));
    }
}
