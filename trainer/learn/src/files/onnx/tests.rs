//! Graphs, run by a small interpreter of the operators in them.

use std::{collections::HashMap, fs};

use fedchain_fl::{Column, Decimal, H256, ModelSpec, Schema, TaskSpec, view::ModelView};
use ndarray::{Array1, Array2, ArrayD, Axis, Zip, array};
use prost::Message;
use tempfile::NamedTempFile;

use super::{
    encode,
    graph::{DOUBLE, INT64},
    proto::{Model, ValueInfo},
};
use crate::{
    LearnError, Prediction,
    data::{Dataset, Reading},
    predict,
    tests::{linear, mlp, random_features, softmax},
};

/// Type of what comparisons give, in the format.
const BOOL: i32 = 9;

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
fn run(file: &[u8], features: &Array2<f64>) -> HashMap<String, ArrayD<f64>> {
    let model = Model::decode(file).unwrap();
    assert_eq!((model.ir_version, model.opset_import[0].version), (7, 13));
    let graph = model.graph.unwrap();
    let declared = |info: &ValueInfo| {
        let tensor = info.r#type.as_ref().unwrap().tensor_type.as_ref();
        tensor.unwrap().elem_type
    };
    let mut types = HashMap::from([("features".to_owned(), declared(&graph.input[0]))]);
    let mut values = HashMap::from([("features".to_owned(), features.clone().into_dyn())]);
    for tensor in graph.initializer {
        let elements = tensor.raw_data.chunks_exact(8);
        let elements: Vec<f64> = elements
            .map(|bytes| match tensor.data_type {
                INT64 => i64::from_le_bytes(bytes.try_into().unwrap()) as f64,
                DOUBLE => f64::from_le_bytes(bytes.try_into().unwrap()),
                other => panic!("{other}"),
            })
            .collect();
        let dims: Vec<usize> = tensor.dims.iter().map(|size| *size as usize).collect();
        types.insert(tensor.name.clone(), tensor.data_type);
        values.insert(tensor.name, ArrayD::from_shape_vec(dims, elements).unwrap());
    }
    for node in graph.node {
        let input = |place: usize| &values[&node.input[place]];
        let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name).unwrap().i;
        let found: Vec<i32> = node.input.iter().map(|name| types[name]).collect();
        let found = match (node.op_type.as_str(), &found[..]) {
            ("IsNaN", [DOUBLE]) | ("Equal", [DOUBLE, DOUBLE]) => BOOL,
            ("Where", [BOOL, chosen, other]) if chosen == other => *chosen,
            ("ArgMax", [DOUBLE]) => INT64,
            (_, [DOUBLE, rest @ ..]) if rest.iter().all(|it| *it == DOUBLE) => DOUBLE,
            _ => panic!("{node:?}: {found:?}"),
        };
        types.insert(node.output[0].clone(), found);
        let truth = |holds: bool| f64::from(u8::from(holds));
        let output = match node.op_type.as_str() {
            "IsNaN" => input(0).mapv(|value| truth(value.is_nan())),
            "Equal" => (input(0) - input(1)).mapv(|difference| truth(difference == 0.0)),
            "Where" => {
                let mut chosen = input(0).clone();
                let shape = chosen.shape().to_vec();
                let (yes, no) = (input(1).broadcast(shape.clone()), input(2).broadcast(shape));
                let (yes, no) = (yes.unwrap(), no.unwrap());
                Zip::from(&mut chosen)
                    .and(&yes)
                    .and(&no)
                    .for_each(|it, yes, no| {
                        *it = if *it == 1.0 { *yes } else { *no };
                    });
                chosen
            }
            "Sub" => input(0) - input(1),
            "Div" => input(0) / input(1),
            "Mul" => input(0) * input(1),
            "Add" => input(0) + input(1),
            // As runtimes do: the smaller of zero and no number is zero.
            "Relu" => input(0).mapv(|value| value.max(0.0)),
            "MatMul" => match input(1).ndim() {
                1 => two(input(0)).dot(&one(input(1))).into_dyn(),
                _ => two(input(0)).dot(&two(input(1))).into_dyn(),
            },
            "Gemm" => {
                assert_eq!(attribute("transB"), 1);
                let product = two(input(0)).dot(&two(input(1)).t());
                product.into_dyn() + input(2)
            }
            "Softmax" => {
                assert_eq!(attribute("axis"), 1);
                let powers = input(0).mapv(f64::exp);
                let sums = powers.sum_axis(Axis(1)).insert_axis(Axis(1));
                powers / sums
            }
            "ArgMax" => {
                assert_eq!((attribute("axis"), attribute("keepdims")), (1, 0));
                let best = two(input(0))
                    .outer_iter()
                    .map(|row| {
                        (0..row.len())
                            .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                            .unwrap() as f64
                    })
                    .collect::<Vec<_>>();
                ArrayD::from_shape_vec(vec![best.len()], best).unwrap()
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

fn one(values: &ArrayD<f64>) -> Array1<f64> {
    values.clone().into_dimensionality().unwrap()
}

fn two(values: &ArrayD<f64>) -> Array2<f64> {
    values.clone().into_dimensionality().unwrap()
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
        assert!((found - value).abs() < 1e-6, "{found} {value}");
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
            let place = found["label"][row] as usize;
            assert_eq!(["red", "green", "blue"][place], label);
            assert!((found["probabilities"][[row, place]] - probability).abs() < 1e-8);
        }
    }
}

/// A number that may be missing, one that may not, a category, and a category that may be missing.
fn with_rules(task: TaskSpec) -> TaskSpec {
    let rule = |name: &str, label: Option<&str>, missing: Option<&str>| Column {
        name: name.parse().unwrap(),
        offset: "0.5".parse().unwrap(),
        scale: "2".parse().unwrap(),
        label: label.map(|label| label.parse().unwrap()),
        missing: missing.map(|value| value.parse().unwrap()),
    };
    let features = vec![
        rule("age", None, Some("47.25")),
        rule("dose", None, None),
        rule("ward", Some("north"), None),
        rule("side", Some("left"), Some("0.25")),
        rule("ward", Some("south"), None),
        rule("side", Some("right"), Some("0.75")),
    ];
    let features = features.try_into().unwrap();
    let schema = Schema {
        features,
        ..task.schema
    };
    TaskSpec { schema, ..task }
}

/// The rows of a table as the graph takes them.
fn cells(schema: &Schema, rows: &[[&str; 4]]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), schema.features.len()), |(row, place)| {
        let feature = &schema.features[place];
        let header = ["age", "dose", "ward", "side"];
        let column = header
            .iter()
            .position(|it| feature.name == it.parse().unwrap());
        match (rows[row][column.unwrap()], &feature.label) {
            ("", _) => f64::NAN,
            (cell, None) => cell.parse().unwrap(),
            (cell, Some(label)) => f64::from(u8::from(cell == label.to_string())),
        }
    })
}

#[test]
fn empty_cells_are_filled_as_they_are_read() {
    let rows = [
        ["30", "1.5", "north", "left"],
        ["", "-2", "south", "right"],
        ["61", "0", "south", ""],
        ["", "3", "north", ""],
    ];
    let text: Vec<String> = rows.iter().map(|row| row.join(",") + "\n").collect();
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, format!("age,dose,ward,side\n{}", text.concat())).unwrap();
    for task in [linear(), softmax(), mlp(&[4])].map(with_rules) {
        let read = Dataset::read_features(file.path(), &Reading::default(), &task.schema).unwrap();
        let model = view(weights(&task));
        let found = run(&encode(&task, &model).unwrap(), &cells(&task.schema, &rows));
        let expected = predict(&task, &model.values, &read.features).unwrap();
        for (row, expected) in expected.iter().enumerate() {
            match expected {
                Prediction::Real { value } => {
                    assert!((found["value"][[row, 0]] - value).abs() < 1e-9);
                }
                Prediction::Class { label, probability } => {
                    let place = found["label"][row] as usize;
                    assert_eq!(["red", "green", "blue"][place], label);
                    assert!((found["probabilities"][[row, place]] - probability).abs() < 1e-12);
                }
            }
        }
    }
}

#[test]
fn rows_that_reading_refuses_have_no_prediction() {
    let rows = [
        ["30", "", "north", "left"],
        ["30", "1", "", "left"],
        ["30", "1", "west", "left"],
        ["30", "1", "north", "middle"],
        ["inf", "1", "north", "left"],
        ["30", "-inf", "north", "left"],
        ["30", "1", "north", "left"],
    ];
    for task in [linear(), softmax(), mlp(&[4])].map(with_rules) {
        let file = encode(&task, &view(weights(&task))).unwrap();
        let found = run(&file, &cells(&task.schema, &rows));
        for row in 0..rows.len() {
            let is_refused = row < 6;
            for name in ["value", "probabilities"] {
                if let Some(values) = found.get(name) {
                    let mut values = values.index_axis(Axis(0), row).into_iter();
                    assert!(values.all(|it| it.is_nan() == is_refused), "{name} {row}");
                }
            }
            if let Some(labels) = found.get("label") {
                assert_eq!(labels[row] == -1.0, is_refused, "{row}");
            }
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
    let task = with_rules(softmax());
    let file = encode(&task, &view(weights(&task))).unwrap();
    let entries = Model::decode(&file[..]).unwrap().metadata_props;
    let missing = entries.iter().find(|it| it.key == "missing").unwrap();
    assert_eq!(missing.value, "47.25\n\n\n0.25\n\n0.75");
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
