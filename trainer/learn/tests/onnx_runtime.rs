//! Exported models in ONNX Runtime say what `predict` says, of rows with empty cells as well.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path, process::Command};

use fedchain_fl::{
    Column, Format, H256, Initial, ModelSpec, Optimiser, Schema, Strategy, Target, TaskSpec,
    view::ModelView,
};
use fedchain_learn::{
    Prediction,
    data::{Dataset, Reading},
    files::onnx,
    predict,
};

/// What pip installs: NumPy (BSD-3-Clause), ONNX Runtime (MIT).
const PACKAGES: [&str; 2] = ["numpy==2.*", "onnxruntime==1.*"];

/// Prints all outputs of each row by a model, of a file with the columns age, dose and ward.
const PREDICT: &str = r#"
import csv, json, math, sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
number = lambda cell: float(cell) if cell else math.nan
label = lambda cell, name: float(cell == name) if cell else math.nan
rows = [
    [number(age), number(dose), label(ward, "north"), label(ward, "south")]
    for age, dose, ward in list(csv.reader(open(sys.argv[2], newline="")))[1:]
]
names = [output.name for output in session.get_outputs()]
found = session.run(names, {"features": numpy.array(rows)})
print(json.dumps({name: values.tolist() for name, values in zip(names, found)}))
"#;

const ROWS: &str = "age,dose,ward\n\
    2.9,152,north\n1.2,381,south\n7.4,,south\n,154,north\n8.5,113,\n2.5,,\n,,\n,1e3,south\n-40,0,north\n";
/// The last is of a ward that the schema does not know, the others have what it does not fill.
const REFUSED: &str = "age,dose,ward\n3,inf,north\n1e999,2,south\n5,5,west\n";

/// What a program printed, if it succeeded.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn column(name: &str, offset: &str, scale: &str, missing: &str) -> Column {
    Column {
        name: name.parse().unwrap(),
        offset: offset.parse().unwrap(),
        scale: scale.parse().unwrap(),
        label: None,
        missing: Some(missing.parse().unwrap()),
    }
}

fn task(model: ModelSpec, target: Target) -> TaskSpec {
    let ward = |label: &str, missing| Column {
        label: Some(label.parse().unwrap()),
        ..column("ward", "0", "1", missing)
    };
    let features = vec![
        column("age", "5", "2.3", "4.75"),
        column("dose", "250", "86", "260.5"),
        ward("north", "0.6"),
        ward("south", "0.4"),
    ];
    let features = features.try_into().unwrap();
    TaskSpec {
        model,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema { features, target },
    }
}

fn classes() -> Target {
    let labels = ["low", "middle", "high"].map(|label| label.parse().unwrap());
    Target::Classes {
        name: "kind".parse().unwrap(),
        labels: labels.to_vec().try_into().unwrap(),
    }
}

/// A regression, a classifier and a network.
fn tasks() -> [TaskSpec; 3] {
    let target = Column {
        missing: None,
        ..column("price", "1000000", "25000.5", "0")
    };
    let hidden = vec![6, 5].try_into().unwrap();
    [
        task(ModelSpec::Linear, Target::Real(target)),
        task(ModelSpec::Softmax, classes()),
        task(ModelSpec::Mlp { hidden }, classes()),
    ]
}

fn model(task: &TaskSpec) -> ModelView {
    let param_count = task.param_count().unwrap();
    // Any numbers that are not alike.
    let values = (0..param_count).map(|place| (place as i32 * 7_919) % 60_001 - 30_000);
    ModelView {
        federation: 0,
        round: 1,
        root: H256::default(),
        frac_bits: task.format.frac_bits,
        param_count,
        offset: 0,
        values: values.collect(),
    }
}

#[test]
#[ignore = "installs packages from PyPI"]
fn onnx_runtime_says_what_predict_says() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python");
    said(Command::new("python3").args(["-m", "venv"]).arg(&python));
    let python = python.join("bin/python");
    let pip = ["-m", "pip", "install", "--quiet"];
    said(Command::new(&python).args(pip).args(PACKAGES));
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let script = file("predict.py", PREDICT.as_bytes());
    let (rows, refused) = (
        file("rows.csv", ROWS.as_bytes()),
        file("refused.csv", REFUSED.as_bytes()),
    );
    for task in tasks() {
        let model = model(&task);
        let graph = file("model.onnx", &onnx::encode(&task, &model).unwrap());
        let run = |rows: &Path| -> serde_json::Value {
            let said = said(Command::new(&python).args([&script, &graph]).arg(rows));
            serde_json::from_str(&said.replace("NaN", "null")).unwrap()
        };
        let theirs = run(&rows);
        let read = Dataset::read_features(&rows, &Reading::default(), &task.schema).unwrap();
        let ours = predict(&task, &model.values, &read.features).unwrap();
        assert_eq!(ours.len(), 9);
        for (row, ours) in ours.into_iter().enumerate() {
            let (ours, theirs) = match ours {
                Prediction::Real { value } => (value, &theirs["value"][row][0]),
                Prediction::Class { label, probability } => {
                    let place = theirs["label"][row].as_u64().unwrap() as usize;
                    assert_eq!(["low", "middle", "high"][place], label, "row {row}");
                    (probability, &theirs["probabilities"][row][place])
                }
            };
            let theirs = theirs.as_f64().unwrap();
            assert!((ours - theirs).abs() < 1e-6, "row {row}: {ours} {theirs}");
        }
        assert!(Dataset::read_features(&refused, &Reading::default(), &task.schema).is_err());
        let theirs = run(&refused);
        for row in 0..3 {
            let numbers = match &task.schema.target {
                Target::Real(_) => &theirs["value"][row],
                Target::Classes { .. } => {
                    assert_eq!(theirs["label"][row], -1, "row {row}");
                    &theirs["probabilities"][row]
                }
            };
            let mut numbers = numbers.as_array().unwrap().iter();
            assert!(
                numbers.all(|number| number.is_null()),
                "row {row}: {theirs}"
            );
        }
    }
}
