//! Rows become holdouts.

use fedchain_fl::{
    Target, TaskSpec,
    score::{FEATURE_FRAC_BITS, Holdout},
};

use fedchain_learn::data::{Dataset, Targets};

use crate::{Error, words::count};

/// As many holdouts of so many rows as there are, in the order of the rows; what is left is not used.
/// Features and real targets are rounded to 2^-16, half to even.
///
/// # Errors
/// [`Error::Impossible`] when there is not one holdout, or a value does not fit 32 bits.
pub(super) fn holdouts(task: &TaskSpec, data: &Dataset, rows: u32) -> Result<Vec<Holdout>, Error> {
    if data.rows() < rows as usize {
        return Err(Error::Impossible(format!(
            "the file has {}; one holdout of this federation has {rows}",
            count(data.rows(), "row")
        )));
    }
    let mut values = Vec::new();
    for (row, features) in data.features.rows().into_iter().enumerate() {
        let out_of_range = |name: &dyn std::fmt::Display, value: f64| {
            Error::Impossible(format!(
                "row {}: {name} is {value} in units of its scale; a holdout takes -32768 to 32767",
                row + 1
            ))
        };
        for (column, value) in task.schema.features.iter().zip(features) {
            let fixed = quantise(*value).ok_or_else(|| out_of_range(&column.name, *value))?;
            values.push(fixed);
        }
        values.push(match (&data.targets, &task.schema.target) {
            (Some(Targets::Classes(classes)), _) => classes[row] as i32,
            (Some(Targets::Real(targets)), Target::Real(column)) => {
                let value = targets[row];
                quantise(value).ok_or_else(|| out_of_range(&column.name, value))?
            }
            _ => return Err(Error::Impossible("the file has no target column".into())),
        });
    }
    let per_holdout = (task.schema.features.len() + 1) * rows as usize;
    values
        .chunks_exact(per_holdout)
        .map(|values| Holdout::new(task, values.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Impossible(error.to_string()))
}

/// A value in units of 2^-16; none when it does not fit.
fn quantise(value: f64) -> Option<i32> {
    let units = (value * f64::from(1u32 << FEATURE_FRAC_BITS)).round_ties_even();
    (f64::from(i32::MIN)..=f64::from(i32::MAX))
        .contains(&units)
        .then_some(units as i32)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;
    use crate::session::decide::tests::view;

    fn data(rows: usize) -> Dataset {
        Dataset {
            features: ndarray::Array2::zeros((rows, 0)),
            targets: Some(Targets::Real(Array1::from_iter(
                (0..rows).map(|row| row as f64),
            ))),
        }
    }

    fn task() -> TaskSpec {
        view(fedchain_fl::view::PhaseView::Waiting).spec.task
    }

    #[test]
    fn rows_are_cut_in_order_and_the_rest_is_left() {
        let found = holdouts(&task(), &data(5), 2).unwrap();
        let expected = [[0, 65_536], [131_072, 196_608]];
        let values: Vec<Vec<u8>> = found.iter().map(Holdout::encode).collect();
        let bytes = |row: [i32; 2]| row.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
        assert_eq!(values, expected.map(bytes));
    }

    #[test]
    fn too_few_rows_and_values_out_of_range_are_refused() {
        let few = holdouts(&task(), &data(1), 2).unwrap_err().to_string();
        assert!(few.contains("the file has 1 row;"), "{few}");
        let mut large = data(2);
        large.targets = Some(Targets::Real(array![0.0, 40_000.0]));
        let error = holdouts(&task(), &large, 2).unwrap_err().to_string();
        assert!(error.contains("row 2: x is 40000"), "{error}");
    }
}
