//! Graphs, run by a small interpreter of the operators in them.

use std::collections::HashMap;

use fedchain_fl::{Decimal, H256, ModelSpec, TaskSpec, view::ModelView};
use ndarray::{Array2, Axis, array};
use prost::Message;

use super::{
    encode,
    proto::{Model, ValueInfo},
};
use crate::{
    LearnError, Prediction, predict,
    tests::{linear, mlp, random_features, softmax},
};

fn view(values: Vec<i32>) -> ModelView {
    ModelView {
        federation: 3,
        round: 2,
        root: H256::default(),
        frac_bits: 16,
        param_count: values.len() as u32,
        offset: 0,
        values,
    }
}

/// All outputs by name after the graph has run on raw `features`; types must fit as the format demands.
fn run(file: &[u8], features: &Array2<f64>) -> HashMap<String, Array2<f64>> {
    let model = Model::decode(file).unwrap();
    assert_eq!((model.ir_version, model.opset_import[0].version), (7, 13));
    let graph = model.graph.unwrap();
    let declared = |info: &ValueInfo| {
        let tensor = info.r#type.as_ref().unwrap().tensor_type.as_ref();
        tensor.unwrap().elem_type
    };
    let mut types = HashMap::from([("features".to_owned(), declared(&graph.input[0]))]);
    let mut values = HashMap::from([("features".to_owned(), features.clone())]);
    for tensor in graph.initializer {
        types.insert(tensor.name.clone(), tensor.data_type);
        let bytes = tensor.raw_data;
        let elements: Vec<f64> = match tensor.data_type {
            1 => bytes
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()).into())
                .collect(),
            11 => bytes
                .chunks_exact(8)
                .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
                .collect(),
            other => panic!("{other}"),
        };
        let dims: Vec<usize> = tensor.dims.iter().map(|size| *size as usize).collect();
        let shape = match dims[..] {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => panic!("{dims:?}"),
        };
        values.insert(
            tensor.name,
            Array2::from_shape_vec(shape, elements).unwrap(),
        );
    }
    for node in graph.node {
        let input = |place: usize| &values[&node.input[place]];
        let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name).unwrap().i;
        let first = types[&node.input[0]];
        assert!(
            node.input.iter().all(|name| types[name] == first),
            "{node:?}"
        );
        let found = match node.op_type.as_str() {
            "Cast" => attribute("to") as i32,
            "ArgMax" => 7,
            "Relu" | "Gemm" | "Softmax" => {
                assert_eq!(first, 1, "{node:?}");
                first
            }
            _ => first,
        };
        types.insert(node.output[0].clone(), found);
        let output = match node.op_type.as_str() {
            "Sub" => input(0) - input(1),
            "Div" => input(0) / input(1),
            "Mul" => input(0) * input(1),
            "Add" => input(0) + input(1),
            "Cast" => match attribute("to") {
                1 => input(0).mapv(|value| f64::from(value as f32)),
                11 => input(0).clone(),
                other => panic!("{other}"),
            },
            "Relu" => input(0).mapv(|value| value.max(0.0)),
            "Gemm" => {
                assert_eq!(attribute("transB"), 1);
                input(0).dot(&input(1).t()) + input(2)
            }
            "Softmax" => {
                assert_eq!(attribute("axis"), 1);
                let powers = input(0).mapv(f64::exp);
                let sums = powers.sum_axis(Axis(1)).insert_axis(Axis(1));
                powers / sums
            }
            "ArgMax" => {
                assert_eq!((attribute("axis"), attribute("keepdims")), (1, 0));
                let best = input(0).outer_iter().map(|row| {
                    (0..row.len())
                        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                        .unwrap() as f64
                });
                let best: Vec<f64> = best.collect();
                Array2::from_shape_vec((best.len(), 1), best).unwrap()
            }
            other => panic!("{other}"),
        };
        values.insert(node.output[0].clone(), output);
    }
    for output in &graph.output {
        assert_eq!(declared(output), types[&output.name], "{output:?}");
    }
    let outputs = graph.output.iter().map(|output| output.name.clone());
    outputs
        .map(|name| (name.clone(), values[&name].clone()))
        .collect()
}

/// The second feature is a time in seconds, which float32 does not hold.
fn with_time(mut task: TaskSpec) -> TaskSpec {
    let time = &mut task.schema.features[1];
    time.offset = Decimal::whole(1_700_000_000);
    time.scale = Decimal::whole(600);
    task
}

/// What the model sees, in the features' original units.
fn raw(scaled: &Array2<f64>) -> Array2<f64> {
    scaled * &array![10.0, 600.0] + &array![100.0, 1.7e9]
}

fn weights(task: &TaskSpec) -> Vec<i32> {
    (0..task.param_count().unwrap())
        .map(|at| (at as i32 % 7 - 3) * 20_000)
        .collect()
}

#[test]
fn a_regression_in_original_units() {
    let (task, features) = (with_time(linear()), random_features(9, 1) * 2.0);
    let model = view(weights(&task));
    let found = run(&encode(&task, &model).unwrap(), &raw(&features));
    let expected = predict(&task, &model.values, &features).unwrap();
    for (found, expected) in found["value"].iter().zip(expected) {
        let Prediction::Real { value } = expected else {
            panic!("a number")
        };
        assert!((found - value).abs() < 1e-3, "{found} {value}");
    }
}

#[test]
fn classes_through_hidden_layers() {
    for task in [softmax(), mlp(&[4]), mlp(&[5, 3])].map(with_time) {
        let features = random_features(30, 2) * 2.0;
        let model = view(weights(&task));
        let found = run(&encode(&task, &model).unwrap(), &raw(&features));
        let expected = predict(&task, &model.values, &features).unwrap();
        for (row, expected) in expected.iter().enumerate() {
            let Prediction::Class { label, probability } = expected else {
                panic!("a class")
            };
            let place = found["label"][(row, 0)] as usize;
            assert_eq!(["red", "green", "blue"][place], label);
            assert!((found["probabilities"][(row, place)] - probability).abs() < 1e-5);
        }
    }
}

#[test]
fn the_file_says_where_it_is_from() {
    let task = softmax();
    let file = encode(&task, &view(weights(&task))).unwrap();
    let entries = Model::decode(&file[..]).unwrap().metadata_props;
    let found = |key: &str| {
        entries
            .iter()
            .find(|e| e.key == key)
            .unwrap()
            .value
            .as_str()
    };
    assert_eq!(found("labels"), "red\ngreen\nblue");
    assert_eq!((found("features"), found("target")), ("a\nb", "y"));
    assert_eq!((found("federation"), found("round")), ("3", "2"));
    let opaque = TaskSpec {
        model: ModelSpec::Opaque { param_count: 3 },
        ..linear()
    };
    assert_eq!(
        encode(&opaque, &view(vec![0; 3])),
        Err(LearnError::NotTrainable)
    );
}
