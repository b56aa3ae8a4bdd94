//! There and back, and every refusal.

use std::{fs, path::PathBuf};

use fedchain_fl::{H256, ModelSpec, TaskSpec, view::ModelView};
use ndarray_npy::WriteNpyExt;
use proptest::prelude::*;
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

use super::{layers_json, read, write};
use crate::{
    dequantise, quantise,
    tests::{linear, mlp, softmax},
};

fn opaque(param_count: u32) -> TaskSpec {
    TaskSpec {
        model: ModelSpec::Opaque { param_count },
        ..linear()
    }
}

fn view(values: &[i32]) -> ModelView {
    ModelView {
        federation: 0,
        round: 1,
        root: H256::default(),
        frac_bits: 16,
        param_count: values.len() as u32,
        offset: 0,
        values: values.to_vec(),
    }
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

proptest! {
    #[test]
    fn models_survive_every_format(values in prop::collection::vec(any::<i32>(), 15)) {
        let folder = tempfile::tempdir().unwrap();
        for task in [mlp(&[2]), opaque(15)] {
            for name in ["model.json", "model.npy", "model.safetensors"] {
                let path = folder.path().join(name);
                write(&path, &task, &view(&values)).unwrap();
                let expected = dequantise(&values, task.format);
                prop_assert_eq!(read(&path, &task).unwrap(), expected);
            }
        }
    }

    #[test]
    fn layers_for_readers_are_read_as_well(values in prop::collection::vec(any::<i32>(), 15)) {
        let task = mlp(&[2]);
        let layers = layers_json(&task, &view(&values)).unwrap();
        let (_folder, path) = file("layers.json", format!("{layers:#}").as_bytes());
        let found = read(&path, &task).unwrap();
        prop_assert_eq!(quantise(&found, task.format).unwrap(), values);
    }

    #[test]
    fn float32_is_exact_where_it_holds_a_value(values in prop::collection::vec(-(1i32 << 24)..=1 << 24, 15)) {
        let task = mlp(&[2]);
        let weights = dequantise(&values, task.format);
        let narrow = weights.iter().map(|weight| *weight as f32);
        let mut bytes = Vec::new();
        narrow.collect::<ndarray::Array1<f32>>().write_npy(&mut bytes).unwrap();
        let (_folder, path) = file("model.npy", &bytes);
        let found = read(&path, &task).unwrap();
        prop_assert_eq!(quantise(&found, task.format).unwrap(), values);
    }

    #[test]
    fn damaged_files_are_refused(cut in 0usize..200, name in prop::sample::select(vec!["m.npy", "m.safetensors", "m.json"])) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        write(&path, &softmax(), &view(&[7; 9])).unwrap();
        let bytes = fs::read(&path).unwrap();
        let end = bytes.len().saturating_sub(1).min(cut);
        fs::write(&path, &bytes[..end]).unwrap();
        prop_assert!(read(&path, &softmax()).is_err());
    }
}

/// A file of float64 tensors that count on from one to the next.
fn counted(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let mut next = 0.0;
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape)| {
            let count = shape.iter().product::<usize>();
            let elements = (0..count).flat_map(|_| {
                next += 1.0;
                f64::to_le_bytes(next)
            });
            elements.collect()
        })
        .collect();
    let views = tensors.iter().zip(&data).map(|((name, shape), data)| {
        let view = TensorView::new(Dtype::F64, shape.to_vec(), data).unwrap();
        (*name, view)
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn layers_of_other_tools_are_read_by_their_numbers() {
    let expected: Vec<f64> = (1..=15).map(f64::from).collect();
    for [first, second] in [
        ["layer0", "layer1"],
        ["0", "2"],
        ["net.9", "net.10"],
        ["fc1", "fc2"],
        ["block2.0.out", "block2.1.out"],
    ] {
        let names = [first, second].map(|stem| [format!("{stem}.weight"), format!("{stem}.bias")]);
        let tensors: [(&str, &[usize]); 4] = [
            (&names[0][0], &[2, 2]),
            (&names[0][1], &[2]),
            (&names[1][0], &[3, 2]),
            (&names[1][1], &[3]),
        ];
        let (_folder, path) = file("model.safetensors", &counted(&tensors));
        assert_eq!(read(&path, &mlp(&[2])).unwrap(), expected, "{first}");
    }
    for stem in ["", "linear."] {
        let names = [format!("{stem}weight"), format!("{stem}bias")];
        let tensors: [(&str, &[usize]); 2] = [(&names[0], &[1, 2]), (&names[1], &[1])];
        let (_folder, path) = file("model.safetensors", &counted(&tensors));
        assert_eq!(read(&path, &linear()).unwrap(), [1.0, 2.0, 3.0], "{stem}");
    }
}

#[test]
fn tensors_without_an_order_or_of_another_shape_are_refused() {
    let wrong_names = "it has {}; a model of 2 layers has a weight and a bias of each";
    for (tensors, expected) in [
        (
            &[
                ("in.bias", &[2][..]),
                ("in.weight", &[2, 2]),
                ("out.bias", &[3]),
                ("out.weight", &[3, 2]),
            ][..],
            wrong_names.replace("{}", "in.bias, in.weight, out.bias, out.weight"),
        ),
        (
            &[
                ("0.bias", &[2]),
                ("0.weight", &[2, 2]),
                ("1.weight", &[3, 2]),
            ],
            wrong_names.replace("{}", "0.bias, 0.weight, 1.weight"),
        ),
        (
            &[("0.bias", &[2]), ("0.weight", &[2, 2])],
            wrong_names.replace("{}", "0.bias, 0.weight"),
        ),
        (&[], wrong_names.replace("{}", "no tensors")),
        (
            &[
                ("0.bias", &[2]),
                ("0.weight", &[2, 2]),
                ("1.bias", &[3]),
                ("1.weight", &[2, 3]),
            ],
            "1.weight has the shape [2, 3], the federation's model has [3, 2]".into(),
        ),
    ] {
        let (_folder, path) = file("model.safetensors", &counted(tensors));
        let refused = read(&path, &mlp(&[2])).unwrap_err().to_string();
        assert!(refused.contains(&expected), "{refused}");
    }
}

#[test]
fn an_opaque_model_is_any_tensors_in_the_order_of_their_names() {
    let halves: Vec<u8> = [1.5f64, -2.0]
        .iter()
        .flat_map(|half| half.to_le_bytes())
        .collect();
    let single = 0.5f32.to_le_bytes();
    let views = [
        ("b", TensorView::new(Dtype::F32, vec![1], &single).unwrap()),
        (
            "a",
            TensorView::new(Dtype::F64, vec![1, 2], &halves).unwrap(),
        ),
    ];
    let bytes = safetensors::serialize(views, None).unwrap();
    let (_folder, path) = file("model.safetensors", &bytes);
    assert_eq!(read(&path, &opaque(3)).unwrap(), [1.5, -2.0, 0.5]);
}

#[test]
fn refusals_say_what_to_do() {
    let nan = {
        let mut bytes = Vec::new();
        let array = ndarray::array![0.0, f64::NAN, 1.0];
        array.write_npy(&mut bytes).unwrap();
        bytes
    };
    let square = {
        let mut bytes = Vec::new();
        let array = ndarray::array![[0.0, 1.0, 1.0]];
        array.write_npy(&mut bytes).unwrap();
        bytes
    };
    let whole = {
        let mut bytes = Vec::new();
        let array = ndarray::array![1i64, 2, 3];
        array.write_npy(&mut bytes).unwrap();
        bytes
    };
    let integers = {
        let view = TensorView::new(Dtype::I32, vec![3], &[0; 12]).unwrap();
        safetensors::serialize([("weights", view)], None).unwrap()
    };
    for (name, bytes, expected) in [
        (
            "m.npy",
            &nan[..],
            "weight 1 is not finite: training has diverged",
        ),
        ("m.npy", &square[..], "save one flat array, with .ravel()"),
        ("m.npy", &whole[..], "save float64 or float32"),
        (
            "m.safetensors",
            &integers[..],
            "weights holds I32: save float64 or float32",
        ),
        (
            "m.json",
            b"{}",
            "it has neither frac_bits and values, nor layers",
        ),
        (
            "m.json",
            br#"{ "frac_bits": 200, "values": [1, 2, 3] }"#,
            "frac_bits is 200; at most 30 are possible",
        ),
        (
            "m.json",
            br#"{ "frac_bits": 999, "values": [1, 2, 3] }"#,
            "invalid value: integer `999`",
        ),
        (
            "m.json",
            br#"{ "frac_bits": 16, "frac_bits": 8, "values": [1, 2, 3] }"#,
            "duplicate field `frac_bits`",
        ),
        (
            "m.json",
            br#"{ "frac_bits": 16, "values": [1, 2, 3000000000] }"#,
            "invalid value: integer `3000000000`",
        ),
        (
            "m.json",
            br#"{ "frac_bits": 16, "values": [1, 2] }"#,
            "has 2 weights, the federation's model has 3",
        ),
        (
            "m.json",
            br#"{ "layers": [{ "weights": [[1e999, 1]], "biases": [0] }] }"#,
            "number out of range",
        ),
        (
            "m.json",
            br#"{ "layers": [] }"#,
            "it has 0 layers, the federation's model has 1",
        ),
        (
            "m.json",
            br#"{ "layers": [{ "weights": [[1], [2]], "biases": [0] }] }"#,
            "layer 0: weights has the shape [2, 1], the federation's model has [1, 2]",
        ),
        (
            "m.pt",
            b"",
            "name a file that ends with .json, .npy or .safetensors",
        ),
        ("m.npy", &[0; 2 << 20], "far more than a model of 3 weights"),
    ] {
        let (_folder, path) = file(name, bytes);
        let refused = read(&path, &linear()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    let (_folder, path) = file("m.npy", &[]);
    write(&path, &linear(), &view(&[1, 2, 3])).unwrap();
    let refused = read(&path, &opaque(4)).unwrap_err().to_string();
    assert!(
        refused.ends_with("has 3 weights, the federation's model has 4"),
        "{refused}"
    );
}

#[test]
fn layers_are_written_for_readers() {
    let found = layers_json(&softmax(), &view(&[65_536, 0, 0, 0, 0, 0, 0, -32_768, 0])).unwrap();
    assert_eq!(
        found["layers"][0]["weights"][0],
        serde_json::json!([1.0, 0.0])
    );
    assert_eq!(
        found["layers"][0]["biases"],
        serde_json::json!([0.0, -0.5, 0.0])
    );
    assert_eq!(found["features"][1]["name"], "b");
    assert_eq!(found["target"]["classes"]["labels"][2], "blue");
}
