//! ONNX: a graph that takes raw features and gives predictions, for any runtime of that format.
//!
//! ```text
//! features --IsNaN, Where--> filled --Sub offset--Div scale--> Gemm --(Relu--Gemm)*--> Add fault --> outputs
//! outputs --Softmax--> probabilities --ArgMax, Where--> label     or     outputs --Mul scale--Add offset--> value
//! ```
//!
//! Input `features` `[rows, features]`, float64, in the schema's order and original units. A feature with a label is
//! 1 where the cell holds it, else 0. An empty cell is NaN, in every feature of its column; the graph fills it by
//! the schema's rule. Outputs: of classes `probabilities` `[rows, labels]`, float64, and `label` `[rows]`, int64, a
//! place in the metadata's `labels`; of a regression `value` `[rows, 1]`, float64, in the original unit. All
//! arithmetic is in double precision, as [`predict`](crate::predict)'s is.
//!
//! A graph cannot refuse a row. Where reading the row would, for an empty cell without a rule, a cell that is not
//! finite or one with none of its column's labels, the row's probabilities or value are NaN and its label is -1.

mod graph;
mod proto;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use fedchain_fl::{Column, Name, Schema, Target, TaskSpec, view::ModelView};
use prost::Message;

use self::{
    graph::{DOUBLE, INT64, tensor_info},
    proto::{Entry, Graph, Model, Opset},
};
use crate::{LearnError, data::nearest, model::network::Network};

/// The first version of the operators whose Softmax works by axis; IR version of the same release.
const OPSET: i64 = 13;
const IR_VERSION: i64 = 7;

/// The file's bytes.
///
/// # Errors
/// [`LearnError`] for an opaque model, or weights of another one.
pub fn encode(task: &TaskSpec, model: &ModelView) -> Result<Vec<u8>, LearnError> {
    let network = Network::from_values(task, &model.values)?;
    let mut graph = Graph {
        name: "fedchain".into(),
        ..Graph::default()
    };
    let (scaled, fault) = read_rows(&mut graph, &task.schema);
    let last = run_layers(&mut graph, &network, scaled);
    // Only now: Relu turns NaN into zero in some runtimes.
    let last = graph.node("Add", &[&last, &fault], "outputs", &[]);
    predict(&mut graph, &task.schema.target, &last);
    let file = Model {
        ir_version: IR_VERSION,
        opset_import: vec![Opset {
            version: OPSET,
            ..Opset::default()
        }],
        producer_name: "fedchain".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        metadata_props: metadata(task, model),
    };
    Ok(file.encode_to_vec())
}

/// From cells to what the model sees, `[rows, features]`, and a fault of each row, `[rows, 1]`: 0 for what reading
/// admits, else NaN.
fn read_rows(graph: &mut Graph, schema: &Schema) -> (String, String) {
    let count = schema.features.len();
    let input = tensor_info("features", DOUBLE, Some(count));
    graph.input.push(input);
    let mut numbers = |name, of: fn(&Column) -> f64| {
        let values: Vec<f64> = schema.features.iter().map(of).collect();
        graph.numbers(name, &[count], &values);
    };
    numbers("missing", |it| it.missing.map_or(f64::NAN, nearest));
    numbers("offset", |it| nearest(it.offset));
    numbers("scale", |it| nearest(it.scale));
    graph.node("IsNaN", &["features"], "empty", &[]);
    graph.node("Where", &["empty", "missing", "features"], "filled", &[]);
    graph.node("Sub", &["filled", "offset"], "shifted", &[]);
    let scaled = graph.node("Div", &["shifted", "scale"], "scaled", &[]);
    // What is not finite, less itself, is NaN.
    graph.numbers("ones", &[count, 1], &vec![1.0; count]);
    graph.node("Sub", &["scaled", "scaled"], "zeros", &[]);
    let unusable = graph.node("MatMul", &["zeros", "ones"], "unusable", &[]);
    let fault = match check_labels(graph, schema) {
        Some(unknown) => graph.node("Add", &[&unusable, &unknown], "fault", &[]),
        None => unusable,
    };
    (scaled, fault)
}

/// A fault of each row, `[rows, 1]`, that has a column with none of its labels, or with two; none where the schema
/// has no labels.
fn check_labels(graph: &mut Graph, schema: &Schema) -> Option<String> {
    let features = schema.features.iter();
    let names: Vec<Option<&Name>> = features
        .map(|it| it.label.as_ref().and(Some(&it.name)))
        .collect();
    let columns: BTreeSet<&Name> = names.iter().copied().flatten().collect();
    if columns.is_empty() {
        return None;
    }
    let one_if = |holds: bool| f64::from(u8::from(holds));
    let (rows, count) = (names.len(), columns.len());
    let pairs = names
        .iter()
        .flat_map(|name| columns.iter().map(move |column| *name == Some(column)));
    let members: Vec<f64> = pairs.map(one_if).collect();
    // An empty cell stands for a known label: it counts once, in the first of its column's features.
    let is_first = |(place, name): (usize, &Option<&Name>)| {
        name.is_some() && names.iter().position(|it| it == name) == Some(place)
    };
    let first: Vec<f64> = (0..).zip(&names).map(is_first).map(one_if).collect();
    graph.numbers("label.first", &[rows], &first);
    graph.numbers("label.members", &[rows, count], &members);
    graph.numbers("label.one", &[1], &[1.0]);
    graph.numbers("label.known", &[1], &[0.0]);
    graph.numbers("label.unknown", &[1], &[f64::NAN]);
    graph.numbers("label.ones", &[count, 1], &vec![1.0; count]);
    let cells = ["empty", "label.first", "features"];
    graph.node("Where", &cells, "label.cells", &[]);
    let sums = ["label.cells", "label.members"];
    graph.node("MatMul", &sums, "label.sums", &[]);
    graph.node("Equal", &["label.sums", "label.one"], "label.found", &[]);
    let faults = ["label.found", "label.known", "label.unknown"];
    graph.node("Where", &faults, "label.faults", &[]);
    let sums = ["label.faults", "label.ones"];
    Some(graph.node("MatMul", &sums, "label.fault", &[]))
}

fn run_layers(graph: &mut Graph, network: &Network, inputs: String) -> String {
    let mut last = inputs;
    for (place, layer) in network.layers.iter().enumerate() {
        if place > 0 {
            last = graph.node("Relu", &[&last], &format!("hidden{place}"), &[]);
        }
        let (weight, bias) = (format!("layer{place}.weight"), format!("layer{place}.bias"));
        graph.numbers(&weight, layer.weights.shape(), &layer.weights);
        graph.numbers(&bias, layer.biases.shape(), &layer.biases);
        let inputs = [last.as_str(), &weight, &bias];
        last = graph.node("Gemm", &inputs, &format!("layer{place}"), &[("transB", 1)]);
    }
    last
}

/// From the last layer's outputs to what is said of each row.
fn predict(graph: &mut Graph, target: &Target, last: &str) {
    match target {
        Target::Classes { labels, .. } => {
            let count = labels.len();
            let found = graph.node("Softmax", &[last], "probabilities", &[("axis", 1)]);
            graph.output.push(tensor_info(&found, DOUBLE, Some(count)));
            let attributes = [("axis", 1), ("keepdims", 0)];
            graph.node("ArgMax", &[&found], "largest", &attributes);
            // NaN has no largest: runtimes would say the first label.
            graph.numbers("classes", &[count], &vec![1.0; count]);
            graph.whole("nothing", -1);
            graph.node("MatMul", &[&found, "classes"], "total", &[]);
            graph.node("IsNaN", &["total"], "refused", &[]);
            let inputs = ["refused", "nothing", "largest"];
            let label = graph.node("Where", &inputs, "label", &[]);
            graph.output.push(tensor_info(&label, INT64, None));
        }
        Target::Real(column) => {
            graph.numbers("target.scale", &[1], &[nearest(column.scale)]);
            graph.numbers("target.offset", &[1], &[nearest(column.offset)]);
            graph.node("Mul", &[last, "target.scale"], "target.scaled", &[]);
            let inputs = ["target.scaled", "target.offset"];
            let value = graph.node("Add", &inputs, "value", &[]);
            graph.output.push(tensor_info(&value, DOUBLE, Some(1)));
        }
    }
}

/// Where the model is from, and what its numbers mean. Lists have one entry a line; in `missing` the line of a
/// feature whose empty cells are refused is empty.
fn metadata(task: &TaskSpec, model: &ModelView) -> Vec<Entry> {
    let features = &task.schema.features;
    let names = features.iter().map(|column| match &column.label {
        Some(label) => format!("{}={label}", column.name),
        None => column.name.to_string(),
    });
    let missing = features
        .iter()
        .map(|column| column.missing.map(nearest))
        .map(|value| value.map_or(String::new(), |value| value.to_string()));
    let mut entries = vec![
        ("federation", model.federation.to_string()),
        ("round", model.round.to_string()),
        ("root", format!("{:?}", model.root)),
        ("features", names.collect::<Vec<_>>().join("\n")),
        ("missing", missing.collect::<Vec<_>>().join("\n")),
        ("target", task.schema.target.name().to_string()),
    ];
    if let Target::Classes { labels, .. } = &task.schema.target {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        entries.push(("labels", labels.join("\n")));
    }
    let entries = entries.into_iter();
    let entries = entries.map(|(key, value)| Entry {
        key: key.into(),
        value,
    });
    entries.collect()
}
