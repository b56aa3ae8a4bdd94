//! Every refusal, and that its sentence helps.

use super::*;
use crate::{Hyper, LearnError, Method, evaluate, predict, train};

#[test]
fn models_without_a_trainer() {
    let opaque = TaskSpec {
        model: ModelSpec::Opaque { param_count: 3 },
        ..linear()
    };
    let error = train(&opaque, &[0; 3], &on_a_plane(5, 1), &Hyper::default(), 1);
    assert_eq!(error, Err(LearnError::NotTrainable));
}

#[test]
fn a_model_of_another_task() {
    for length in [0, 1, 2, 4, 9] {
        let error = evaluate(&linear(), &vec![0; length], &on_a_plane(5, 1)).unwrap_err();
        assert_eq!(
            error,
            LearnError::ModelLength {
                expected: 3,
                found: length
            }
        );
    }
}

#[test]
fn data_of_another_schema() {
    let wide = Dataset {
        features: Array2::zeros((5, 3)),
        ..on_a_plane(5, 1)
    };
    let long = Dataset {
        features: Array2::zeros((6, 2)),
        ..on_a_plane(5, 1)
    };
    for data in [wide, long, in_classes(5, 1)] {
        assert_eq!(
            evaluate(&linear(), &[0; 3], &data),
            Err(LearnError::SchemaMismatch)
        );
    }
    let fourth_class = Targets::Classes(Array1::from_elem(5, 3));
    let data = Dataset {
        targets: Some(fourth_class),
        ..in_classes(5, 1)
    };
    assert_eq!(
        evaluate(&softmax(), &[0; 9], &data),
        Err(LearnError::SchemaMismatch)
    );
    let error = predict(&linear(), &[0; 3], &Array2::zeros((5, 1))).unwrap_err();
    assert_eq!(error, LearnError::SchemaMismatch);
}

#[test]
fn nothing_to_learn_from() {
    let features_only = Dataset {
        targets: None,
        ..on_a_plane(5, 1)
    };
    assert_eq!(
        evaluate(&linear(), &[0; 3], &features_only),
        Err(LearnError::NoTargets)
    );
    assert_eq!(
        evaluate(&linear(), &[0; 3], &on_a_plane(0, 1)),
        Err(LearnError::NoRows)
    );
}

#[test]
fn steps_that_are_too_large() {
    let hyper = Hyper {
        learning_rate: 50.0,
        ..Hyper::default()
    };
    let error = train(&linear(), &[0; 3], &on_a_plane(50, 1), &hyper, 1).unwrap_err();
    assert!(
        matches!(
            error,
            LearnError::Diverged {
                learning_rate: 50.0,
                ..
            }
        ),
        "{error}"
    );
    let hyper = Hyper { epochs: 3, ..hyper };
    let error = train(&linear(), &[0; 3], &on_a_plane(50, 1), &hyper, 1).unwrap_err();
    assert!(matches!(error, LearnError::OutOfRange { .. }), "{error}");
    assert!(
        error.to_string().contains("lower --learning-rate"),
        "{error}"
    );
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let (task, data) = (linear(), on_a_plane(5, 1));
    let default = Hyper::default();
    let rate = |learning_rate| Hyper {
        learning_rate,
        ..default
    };
    let momentum = Hyper {
        method: Method::Sgd { momentum: 1.0 },
        ..default
    };
    for (hyper, named) in [
        (rate(0.0), "learning rate"),
        (rate(f64::NAN), "learning rate"),
        (rate(1.1e6), "learning rate"),
        (momentum, "momentum"),
        (
            Hyper {
                l2: -0.1,
                ..default
            },
            "l2",
        ),
    ] {
        let found = train(&task, &[0; 3], &data, &hyper, 1);
        let Err(LearnError::Setting { setting, .. }) = found else {
            panic!("{named}: {found:?}");
        };
        assert_eq!(setting, named);
    }
}
