//! Graphs, run by a small interpreter of the operators in them.

use std::collections::HashMap;

use fedchain_fl::{H256, ModelSpec, TaskSpec, view::ModelView};
use ndarray::{Array2, Axis};
use prost::Message;

use super::{encode, proto::Model};
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

/// All values by name after the graph has run on raw `features`.
fn run(file: &[u8], features: &Array2<f64>) -> HashMap<String, Array2<f64>> {
    let model = Model::decode(file).unwrap();
    assert_eq!((model.ir_version, model.opset_import[0].version), (7, 13));
    let graph = model.graph.unwrap();
    let mut values = HashMap::from([("features".to_owned(), features.clone())]);
    for tensor in graph.initializer {
        let (elements, rest) = tensor.raw_data.as_chunks();
        assert!(rest.is_empty() && tensor.data_type == 1);
        let elements = elements
            .iter()
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
        let dims: Vec<usize> = tensor.dims.iter().map(|size| *size as usize).collect();
        let shape = match dims[..] {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => panic!("{dims:?}"),
        };
        values.insert(
            tensor.name,
            Array2::from_shape_vec(shape, elements.collect()).unwrap(),
        );
    }
    for node in graph.node {
        let input = |place: usize| &values[&node.input[place]];
        let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name).unwrap().i;
        let output = match node.op_type.as_str() {
            "Sub" => input(0) - input(1),
            "Div" => input(0) / input(1),
            "Mul" => input(0) * input(1),
            "Add" => input(0) + input(1),
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
    let outputs = graph.output.iter().map(|output| output.name.clone());
    outputs
        .map(|name| (name.clone(), values[&name].clone()))
        .collect()
}

fn scaled(raw: &Array2<f64>) -> Array2<f64> {
    raw.mapv(|value| (value - 100.0) / 10.0)
}

fn weights(task: &TaskSpec) -> Vec<i32> {
    (0..task.param_count().unwrap())
        .map(|at| (at as i32 % 7 - 3) * 20_000)
        .collect()
}

#[test]
fn a_regression_in_original_units() {
    let (task, raw) = (linear(), random_features(9, 1) * 20.0 + 100.0);
    let model = view(weights(&task));
    let found = run(&encode(&task, &model).unwrap(), &raw);
    let expected = predict(&task, &model.values, &scaled(&raw)).unwrap();
    for (found, expected) in found["value"].iter().zip(expected) {
        let Prediction::Real { value } = expected else {
            panic!("a number")
        };
        assert!((found - value).abs() < 1e-3, "{found} {value}");
    }
}

#[test]
fn classes_through_hidden_layers() {
    for task in [softmax(), mlp(&[4]), mlp(&[5, 3])] {
        let raw = random_features(30, 2) * 20.0 + 100.0;
        let model = view(weights(&task));
        let found = run(&encode(&task, &model).unwrap(), &raw);
        let expected = predict(&task, &model.values, &scaled(&raw)).unwrap();
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
