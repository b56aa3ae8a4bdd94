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

/// A file of NumPy by hand: the format's version, the header and the elements.
fn numpy(version: u8, header: &str, elements: &[u8]) -> Vec<u8> {
    let length = header.len() as u32;
    let length = match version {
        1 => (length as u16).to_le_bytes().to_vec(),
        _ => length.to_le_bytes().to_vec(),
    };
    [
        &b"\x93NUMPY"[..],
        &[version, 0],
        &length,
        header.as_bytes(),
        elements,
    ]
    .concat()
}

fn bytes<const SIZE: usize>(elements: [[u8; SIZE]; 3]) -> Vec<u8> {
    elements.concat()
}

#[test]
fn arrays_of_any_order_of_bytes_and_alignment_are_read() {
    let numbers = [1.5f64, -0.25, 2.0];
    // 1.5, -0.25 and 2 in sixteen bits.
    let halves = [0x3e00u16, 0xb400, 0x4000];
    for (name, elements) in [
        ("<f8", bytes(numbers.map(f64::to_le_bytes))),
        (">f8", bytes(numbers.map(f64::to_be_bytes))),
        ("<f4", bytes(numbers.map(|it| (it as f32).to_le_bytes()))),
        (">f4", bytes(numbers.map(|it| (it as f32).to_be_bytes()))),
        ("<f2", bytes(halves.map(u16::to_le_bytes))),
        (">f2", bytes(halves.map(u16::to_be_bytes))),
    ] {
        for version in 1..=3 {
            for (order, space) in [("False", ""), ("True", "  "), ("False", "\n")] {
                let header = format!(
                    "{{'shape': (3,), 'fortran_order': {order}, 'descr': '{name}'}}{space}"
                );
                let (_folder, path) = file("m.npy", &numpy(version, &header, &elements));
                assert_eq!(
                    read(&path, &linear()).unwrap(),
                    numbers,
                    "{version}: {header:?}"
                );
            }
        }
    }
}

#[test]
fn arrays_that_are_damaged_or_of_another_kind_are_refused() {
    let header = |descr: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    let double = header("'<f8'", "(3,)");
    for (bytes, expected) in [
        (
            numpy(1, &double, &[0; 23]),
            "its header says 3 elements of <f8, and 23 bytes follow",
        ),
        (
            numpy(1, &double, &[0; 32]),
            "its header says 3 elements of <f8, and 32 bytes follow",
        ),
        (
            numpy(1, &header("'<f8'", "(18446744073709551615,)"), &[0; 24]),
            "its header says 18446744073709551615 elements of <f8, and 24 bytes follow",
        ),
        (
            numpy(1, &header("'<f8'", "(36893488147419103232,)"), &[0; 24]),
            "its header is no dict of descr, fortran_order and shape",
        ),
        (
            numpy(1, &header("'<f8'", "(-3,)"), &[0; 24]),
            "its header is no dict",
        ),
        (
            numpy(1, &header("'<f8'", "()"), &[0; 8]),
            "0 dimensions: save one flat array",
        ),
        (
            numpy(1, &header("'<f8'", "(3, 1)"), &[0; 24]),
            "2 dimensions: save one flat array",
        ),
        (
            numpy(1, &header("'<i4'", "(3,)"), &[0; 12]),
            "the array holds <i4: save weights as",
        ),
        (
            numpy(1, &header("'|O'", "(3,)"), &[0; 12]),
            "the array holds |O: save weights as",
        ),
        (
            numpy(1, &header("'<f16'", "(3,)"), &[0; 48]),
            "the array holds <f16: save weights as",
        ),
        (
            numpy(1, &header("[('a', '<f8')]", "(3,)"), &[0; 24]),
            "the array holds [('a', '<f8')]: save weights as",
        ),
        (
            numpy(4, &double, &[0; 24]),
            "its format is 4.0, not 1.0 to 3.0",
        ),
        (
            numpy(2, &double, &[0; 24])[..14].to_vec(),
            "it is cut off in its header",
        ),
        (b"PK\x03\x04".to_vec(), "it does not begin as one"),
        (numpy(1, "[1, 2]", &[]), "its header is no dict"),
        (numpy(1, "{'descr': '<f8'}", &[]), "its header is no dict"),
        (
            numpy(1, &"(".repeat(9_000), &[]),
            "its header is too long for a flat array",
        ),
        (
            numpy(2, &" ".repeat(1 << 19), &[]),
            "its header is too long for a flat array",
        ),
    ] {
        let (_folder, path) = file("m.npy", &bytes);
        let refused = read(&path, &linear()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn tensors_of_sixteen_bits_are_read() {
    // 1.5, -0.25 and 2: of half precision, and the upper half of a float32 each.
    let halves = [0x3e00u16, 0xb400, 0x4000].map(u16::to_le_bytes).concat();
    let upper = [0x3fc0u16, 0xbe80, 0x4000].map(u16::to_le_bytes).concat();
    for (dtype, data) in [(Dtype::F16, halves), (Dtype::BF16, upper)] {
        let view = TensorView::new(dtype, vec![3], &data).unwrap();
        let bytes = safetensors::serialize([("weights", view)], None).unwrap();
        let (_folder, path) = file("m.safetensors", &bytes);
        assert_eq!(read(&path, &linear()).unwrap(), [1.5, -0.25, 2.0]);
    }
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
        (
            "m.npy",
            &whole[..],
            "the array holds <i8: save weights as floating point",
        ),
        (
            "m.safetensors",
            &integers[..],
            "weights holds I32: save weights as floating point of 64, 32 or 16 bits",
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
