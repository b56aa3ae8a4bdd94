//! Training, evaluation and prediction against what is known in closed form.

use super::*;
use crate::{Hyper, Prediction, evaluate, predict, quantise, train};

#[test]
fn one_full_batch_step_is_the_textbook_formula() {
    let (task, data) = (linear(), on_a_plane(5, 3));
    let Some(Targets::Real(targets)) = &data.targets else {
        panic!("real targets")
    };
    let hyper = Hyper {
        epochs: 1,
        batch_size: 5,
        learning_rate: 0.1,
        ..Hyper::default()
    };
    let trained = train(&task, &[0; 3], &data, &hyper, 2).unwrap();
    let mut expected = [0.0; 3];
    for (row, target) in data.features.outer_iter().zip(targets) {
        // From zero, each row pulls by 2 * rate * target * input / rows; round 2 halves the rate.
        for (weight, input) in expected.iter_mut().zip([row[0], row[1], 1.0]) {
            *weight += 2.0 * 0.05 * target * input / 5.0;
        }
    }
    assert_eq!(trained.values, quantise(&expected, task.format).unwrap());
}

#[test]
fn a_line_is_found_to_the_last_bit() {
    let (task, data) = (linear(), on_a_plane(200, 4));
    let trained = train(&task, &[0; 3], &data, &Hyper::default(), 1).unwrap();
    assert_eq!(
        trained.values,
        quantise(&[2.0, -3.0, 0.5], task.format).unwrap()
    );
    assert_eq!(trained.after.loss, 0.0);
    assert!(trained.before.loss > 1.0);
}

#[test]
fn the_same_arguments_give_the_same_update() {
    let (task, data) = (softmax(), in_classes(50, 5));
    let hyper = Hyper {
        epochs: 2,
        ..Hyper::default()
    };
    let update = |hyper: &Hyper, round| train(&task, &[0; 9], &data, hyper, round).unwrap().values;
    assert_eq!(update(&hyper, 1), update(&hyper, 1));
    assert_ne!(update(&hyper, 1), update(&hyper, 2));
    assert_ne!(update(&hyper, 1), update(&Hyper { seed: 1, ..hyper }, 1));
}

#[test]
fn what_is_reported_is_the_quantised_model() {
    let (task, data) = (softmax(), in_classes(50, 6));
    let trained = train(&task, &[0; 9], &data, &Hyper::default(), 1).unwrap();
    assert_eq!(trained.before, evaluate(&task, &[0; 9], &data).unwrap());
    assert_eq!(
        trained.after,
        evaluate(&task, &trained.values, &data).unwrap()
    );
    assert!(trained.after.loss < trained.before.loss);
}

#[test]
fn errors_are_in_the_original_unit() {
    let (task, data) = (linear(), on_a_plane(50, 7));
    let off_by_one = quantise(&[2.0, -3.0, 1.5], task.format).unwrap();
    let metrics = evaluate(&task, &off_by_one, &data).unwrap();
    assert!((metrics.loss - 1.0).abs() < 1e-12);
    assert!(
        (metrics.rmse.unwrap() - 10.0).abs() < 1e-12,
        "one scaled unit is ten"
    );
    assert_eq!((metrics.rows, metrics.accuracy), (50, None));
}

#[test]
fn classes_are_counted_and_scored() {
    let task = softmax();
    let features = ndarray::array![[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [1.0, 1.0]];
    let targets = Some(Targets::Classes(ndarray::array![0, 1, 2, 2]));
    // red scores ln(2) * a, green ln(4) * b, blue 0
    let (ln2, ln4) = (2f64.ln(), 4f64.ln());
    let model = quantise(&[ln2, 0.0, 0.0, ln4, 0.0, 0.0, 0.0, 0.0, 0.0], task.format).unwrap();
    let metrics = evaluate(&task, &model, &Dataset { features, targets }).unwrap();
    let right: [f64; 4] = [2.0 / 4.0, 4.0 / 6.0, 1.0 / 1.75, 1.0 / 7.0];
    let expected = -right.iter().map(|p| p.ln()).sum::<f64>() / 4.0;
    assert!(
        (metrics.loss - expected).abs() < 1e-4,
        "{metrics:?}, expected {expected}"
    );
    assert_eq!((metrics.accuracy, metrics.rmse), (Some(0.75), None));
}

#[test]
fn huge_scores_stay_finite() {
    let task = softmax();
    let model = [i32::MAX, 0, 0, i32::MIN, 0, 0, 0, 0, 0];
    let data = in_classes(50, 8);
    assert!(evaluate(&task, &model, &data).unwrap().loss.is_finite());
    for prediction in predict(&task, &model, &data.features).unwrap() {
        let Prediction::Class { probability, .. } = prediction else {
            panic!("a class")
        };
        assert!((1.0 / 3.0..=1.0).contains(&probability));
    }
}

#[test]
fn predictions_are_in_the_original_unit_or_labels() {
    let task = linear();
    let model = quantise(&[2.0, -3.0, 0.5], task.format).unwrap();
    let features = ndarray::array![[1.0, 1.0], [0.0, -0.5]];
    assert_eq!(
        predict(&task, &model, &features).unwrap(),
        [
            Prediction::Real { value: 95.0 },
            Prediction::Real { value: 120.0 }
        ]
    );
    let model = [0, 0, 0, 0, 0, 0, 0, 65_536 * 30, 0];
    let [Prediction::Class { label, probability }] =
        &predict(&softmax(), &model, &ndarray::array![[1.0, 1.0]]).unwrap()[..]
    else {
        panic!("one class")
    };
    assert_eq!((label.as_str(), *probability > 0.999_999), ("green", true));
}
