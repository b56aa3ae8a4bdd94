//! Measures of a model, by hand and as scikit-learn 1.9 gives them.

use ndarray::{Array1, Array2, array};

use super::{linear, softmax};
use crate::{
    ClassQuality, Detail, assess,
    data::{Dataset, Targets},
};

const ONE: i32 = 1 << 16;

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

/// What a model says that predicts its first feature, in units of ten.
fn regression(predicted: &[f64], targets: &[f64]) -> (f64, Option<f64>) {
    let features = predicted.iter().flat_map(|value| [*value, 0.0]).collect();
    let data = Dataset {
        features: Array2::from_shape_vec((predicted.len(), 2), features).unwrap(),
        targets: Some(Targets::Real(Array1::from_vec(targets.to_vec()))),
    };
    match assess(&linear(), &[ONE, 0, 0], &data).unwrap().detail {
        Detail::Real { mae, r2 } => (mae, r2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_regression_has_an_absolute_error_and_a_share_of_the_variance() {
    // Errors 0.5, -0.5, 0 and 1; squares sum up to 1.5, those of the targets about their mean, 2.875, to 29.1875.
    let (mae, r2) = regression(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0]);
    assert_near(mae, 5.0);
    assert_near(r2.unwrap(), 0.948_608_137_044_967_9);
    // Worse than the mean.
    let (_, r2) = regression(&[3.0, 2.0, 1.0], &[1.0, 2.0, 3.0]);
    assert_near(r2.unwrap(), -3.0);
    for constant in [
        regression(&[1.0, 2.0], &[0.1, 0.1]),
        regression(&[1.0], &[1.0]),
    ] {
        assert_eq!(constant.1, None);
    }
}

/// Rows of a class, each taken for another one, by a model that says what the features say.
fn classes(pairs: &[(usize, usize)]) -> (Vec<ClassQuality>, Vec<Vec<usize>>) {
    // Scores are a, b and 0.
    let scores = [[1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
    let features = pairs.iter().flat_map(|(_, taken)| scores[*taken]);
    let data = Dataset {
        features: Array2::from_shape_vec((pairs.len(), 2), features.collect()).unwrap(),
        targets: Some(Targets::Classes(pairs.iter().map(|pair| pair.0).collect())),
    };
    let model = [ONE, 0, 0, ONE, 0, 0, 0, 0, 0];
    match assess(&softmax(), &model, &data).unwrap().detail {
        Detail::Classes { classes, confusion } => (classes, confusion),
        other => panic!("{other:?}"),
    }
}

#[test]
fn classes_have_precision_recall_and_f1() {
    let rows = [
        (0, 0),
        (1, 2),
        (2, 2),
        (2, 2),
        (0, 0),
        (1, 0),
        (2, 1),
        (0, 0),
    ];
    let (classes, confusion) = classes(&rows);
    assert_eq!(confusion, [[3, 0, 0], [1, 0, 1], [0, 1, 2]]);
    let expected = [
        ("red", 3, 4, 0.75, 1.0, 6.0 / 7.0),
        ("green", 2, 1, 0.0, 0.0, 0.0),
        ("blue", 3, 3, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0),
    ];
    for (found, (label, rows, predicted, precision, recall, f1)) in classes.iter().zip(expected) {
        assert_eq!((found.rows, found.predicted), (rows, predicted), "{label}");
        assert_eq!(found.label, label);
        assert_near(found.precision.unwrap(), precision);
        assert_near(found.recall.unwrap(), recall);
        assert_near(found.f1.unwrap(), f1);
    }
}

#[test]
fn what_is_undefined_is_none() {
    // Nothing is taken for green, nothing is blue.
    let (found, _) = classes(&[(0, 0), (1, 0), (1, 2)]);
    let measures = |it: &ClassQuality| (it.precision, it.recall, it.f1);
    assert_eq!(measures(&found[1]), (None, Some(0.0), Some(0.0)));
    assert_eq!(measures(&found[2]), (Some(0.0), None, Some(0.0)));
    let (found, _) = classes(&[(0, 0)]);
    assert_eq!(measures(&found[1]), (None, None, None));
    let json = serde_json::to_value(&found[1]).unwrap();
    assert_eq!(json["precision"], serde_json::Value::Null);
}

#[test]
fn all_measures_are_in_one_json_object() {
    let data = Dataset {
        features: array![[0.5, 0.0], [2.0, 0.0]],
        targets: Some(Targets::Real(array![0.0, 2.0])),
    };
    let quality = assess(&linear(), &[ONE, 0, 0], &data).unwrap();
    let json = serde_json::to_value(&quality).unwrap();
    assert_eq!(json["rows"], 2);
    for (name, expected) in [("loss", 0.125), ("mae", 2.5), ("r2", 0.875)] {
        assert_near(json[name].as_f64().unwrap(), expected);
    }
}
