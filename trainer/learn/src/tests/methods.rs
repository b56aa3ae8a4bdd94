//! Each method does what its formula says, and the default does what it always did.

use super::*;
use crate::{Hyper, LearnError, Method, model::network::Network, quantise, train};

fn values(task: &TaskSpec, data: &Dataset, hyper: &Hyper) -> Vec<i32> {
    let base = task.initial_model().unwrap().unwrap();
    train(task, &base, data, hyper, 1).unwrap().values
}

#[test]
fn one_step_with_adam_is_the_learning_rate_in_each_weight() {
    // The first step is rate * sign(slope), whatever the slope's size.
    let hyper = Hyper {
        method: Method::Adam,
        epochs: 1,
        batch_size: 50,
        learning_rate: 0.25,
        ..Hyper::default()
    };
    let data = on_a_plane(50, 3);
    let Some(Targets::Real(targets)) = &data.targets else {
        panic!("real targets")
    };
    let bias = if targets.sum() > 0.0 { 16_384 } else { -16_384 };
    assert_eq!(values(&linear(), &data, &hyper), [16_384, -16_384, bias]);
}

#[test]
fn momentum_repeats_a_share_of_the_last_step() {
    let step = |epochs, momentum| {
        let hyper = Hyper {
            method: Method::Sgd { momentum },
            epochs,
            batch_size: 5,
            learning_rate: 0.01,
            ..Hyper::default()
        };
        values(&linear(), &on_a_plane(5, 3), &hyper)
    };
    let (first, plain, pushed) = (step(1, 0.5), step(2, 0.0), step(2, 0.5));
    for place in 0..3 {
        let expected = f64::from(plain[place]) + 0.5 * f64::from(first[place]);
        assert!((f64::from(pushed[place]) - expected).abs() <= 1.0);
    }
}

#[test]
fn penalties_pull_to_zero_and_to_the_server_model() {
    let (task, data) = (linear(), on_a_plane(40, 3));
    let base = quantise(&[1.0, 1.0, 1.0], task.format).unwrap();
    let run = |proximal, l2| {
        let hyper = Hyper {
            proximal,
            l2,
            ..Hyper::default()
        };
        let values = train(&task, &base, &data, &hyper, 1).unwrap().values;
        crate::dequantise(&values, task.format)
    };
    let off = |found: &[f64], at: f64| found.iter().map(|v| (v - at).powi(2)).sum::<f64>();
    assert!(off(&run(10.0, 0.0), 1.0) < off(&run(0.0, 0.0), 1.0) / 4.0);
    assert!(off(&run(0.0, 10.0)[..2], 0.0) < off(&run(0.0, 0.0)[..2], 0.0) / 4.0);
}

#[test]
fn least_squares_ends_where_descent_does() {
    let (task, mut data) = (linear(), on_a_plane(60, 3));
    // Off the plane, so that there is a rest.
    if let Some(Targets::Real(targets)) = &mut data.targets {
        for (row, target) in targets.iter_mut().enumerate() {
            *target += f64::from(row as u32 % 5) - 2.0;
        }
    }
    let descent = Hyper {
        epochs: 3_000,
        batch_size: 60,
        proximal: 0.1,
        l2: 0.3,
        ..Hyper::default()
    };
    let exact = Hyper {
        method: Method::LeastSquares,
        ..descent
    };
    let (slow, exact) = (values(&task, &data, &descent), values(&task, &data, &exact));
    for (slow, exact) in slow.iter().zip(&exact) {
        assert!(slow.abs_diff(*exact) <= 2, "{slow} {exact}");
    }
}

#[test]
fn rows_that_leave_a_model_open_need_a_penalty() {
    let task = linear();
    let mut data = on_a_plane(30, 3);
    let double = &data.features.column(0) * 2.0;
    data.features.column_mut(1).assign(&double);
    let solve = |l2| {
        let hyper = Hyper {
            method: Method::LeastSquares,
            l2,
            ..Hyper::default()
        };
        train(&task, &[0; 3], &data, &hyper, 1).map(|trained| trained.after.loss.is_finite())
    };
    let feature = "b".into();
    assert_eq!(solve(0.0), Err(LearnError::Undetermined { feature }));
    assert_eq!(solve(0.1), Ok(true));
    let exact = Hyper {
        method: Method::LeastSquares,
        ..Hyper::default()
    };
    let refused = train(&softmax(), &[0; 9], &in_classes(9, 1), &exact, 1);
    assert_eq!(refused, Err(LearnError::NotLinear));
}

#[test]
fn evolution_improves_and_repeats_itself() {
    let (task, data) = (softmax(), in_classes(60, 5));
    let hyper = Hyper {
        method: Method::Genetic {
            population: 20,
            generations: 40,
            mutation: 0.2,
        },
        learning_rate: 0.5,
        ..Hyper::default()
    };
    let run = |hyper: &Hyper| train(&task, &[0; 9], &data, hyper, 1).unwrap();
    let found = run(&hyper);
    assert!(found.after.loss < found.before.loss);
    assert_eq!(found.values, run(&hyper).values);
    assert_ne!(found.values, run(&Hyper { seed: 1, ..hyper }).values);
    let alone = Hyper {
        method: Method::Genetic {
            population: 0,
            generations: 40,
            mutation: 0.2,
        },
        ..Hyper::default()
    };
    let refused = train(&task, &[0; 9], &data, &alone, 1);
    assert_eq!(refused, Err(LearnError::NoGenes));
}

#[test]
fn evolution_ranks_losses_of_any_size() {
    let mut data = on_a_plane(40, 3);
    if let Some(Targets::Real(targets)) = &mut data.targets {
        *targets *= 3e4;
    }
    let after = |generations| {
        let hyper = Hyper {
            method: Method::Genetic {
                population: 20,
                generations,
                mutation: 0.5,
            },
            learning_rate: 30.0,
            ..Hyper::default()
        };
        train(&linear(), &[0; 3], &data, &hyper, 1)
            .unwrap()
            .after
            .loss
    };
    let (few, many) = (after(1), after(100));
    // All of them are beyond what 63 bits hold in units of 2^-32.
    assert!(many > 4e9 && many < 0.99 * few, "{few} {many}");
}

#[test]
fn a_hidden_layer_learns_what_no_line_separates() {
    let mut random = StdRng::seed_from_u64(8);
    let features = Array2::from_shape_simple_fn((200, 2), || random.random_range(-2.0..2.0));
    let classes = features
        .outer_iter()
        .map(|row| usize::from(row[0] * row[1] > 0.0));
    let data = Dataset {
        targets: Some(Targets::Classes(classes.collect())),
        features,
    };
    let accuracy = |task: &TaskSpec| {
        let base = task.initial_model().unwrap().unwrap();
        let hyper = Hyper {
            learning_rate: 0.2,
            ..Hyper::default()
        };
        let trained = train(task, &base, &data, &hyper, 1).unwrap();
        trained.after.accuracy.unwrap()
    };
    assert!(accuracy(&softmax()) < 0.7);
    assert!(accuracy(&mlp(&[8])) > 0.95);
}

#[test]
fn networks_are_flattened_layer_by_layer() {
    let task = mlp(&[2]);
    let weights: Vec<f64> = (0..15).map(f64::from).collect();
    let network = Network::from_weights(&task, &weights).unwrap();
    assert_eq!(
        network.layers[0].weights,
        ndarray::array![[0.0, 1.0], [2.0, 3.0]]
    );
    assert_eq!(network.layers[0].biases, ndarray::array![4.0, 5.0]);
    assert_eq!(network.layers[1].weights[(2, 0)], 10.0);
    assert_eq!(network.layers[1].biases, ndarray::array![12.0, 13.0, 14.0]);
    assert_eq!(network.to_vec(), weights);
    for found in [14, 16] {
        let refused = Network::from_weights(&task, &vec![0.0; found]).unwrap_err();
        assert_eq!(
            refused,
            LearnError::ModelLength {
                expected: 15,
                found
            }
        );
    }
    // As the chain scores it: o = W2 relu(W1 x + b1) + b2, by hand.
    let outputs = network.outputs(&ndarray::array![[1.0, -2.0]]);
    // W1 x + b1 = [0 - 2 + 4, 2 - 6 + 5] = [2, 1]
    assert_eq!(
        outputs,
        ndarray::array![[12.0 + 19.0, 16.0 + 9.0 + 13.0, 20.0 + 11.0 + 14.0]]
    );
}

/// Made by the code before it knew other methods and models: clients of old federations train alike.
#[test]
fn plain_descent_keeps_its_bits() {
    let hyper = Hyper {
        epochs: 7,
        batch_size: 4,
        ..Hyper::default()
    };
    let update = |task: &TaskSpec, data: &Dataset, round| {
        let base = task.initial_model().unwrap().unwrap();
        train(task, &base, data, &hyper, round).unwrap().values
    };
    assert_eq!(
        update(&linear(), &on_a_plane(30, 11), 2),
        [133_362, -184_525, 16_809]
    );
    assert_eq!(
        update(&softmax(), &in_classes(30, 12), 3),
        [359, 156, 4_137, 4_125, -4_496, -4_281, -3_725, 2_014, 1_711]
    );
}
