//! ONNX: a graph that takes raw features and gives predictions, for any runtime of that format.
//!
//! ```text
//! features --Sub offset--Div scale--Cast--> Gemm --(Relu--Gemm)*--> Softmax --> probabilities, ArgMax --> label
//!                                                               or  Cast--Mul scale--Add offset --> value
//! ```
//!
//! Input `features` `[rows, features]`, float64, in the schema's order and original units; a feature with
//! a label is 1 where the cell holds it, else 0; empty cells must be filled by the schema's rule. Outputs:
//! of classes `probabilities` `[rows, labels]`, float32, and `label` `[rows]`, int64, a place in the
//! metadata's `labels`; of a regression `value` `[rows, 1]`, float64, in the original unit. Weights and what
//! lies between layers are float32.

mod proto;
#[cfg(test)]
mod tests;

use fedchain_fl::{Target, TaskSpec, view::ModelView};
use prost::Message;

use self::proto::{
    Attribute, Dimension, Entry, Graph, Model, Node, Opset, Shape, Tensor, TensorType, Type,
    ValueInfo, dimension,
};
use crate::{LearnError, data::nearest, model::network::Network};

/// The first version of the operators whose Softmax works by axis; IR version of the same release.
const OPSET: i64 = 13;
const IR_VERSION: i64 = 7;
/// Element types of the format.
const FLOAT: i32 = 1;
const INT64: i32 = 7;
const DOUBLE: i32 = 11;
/// Attribute type of the format.
const INT: i32 = 2;

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
    let features = &task.schema.features;
    graph
        .input
        .push(tensor_info("features", DOUBLE, Some(features.len())));
    let constants = features
        .iter()
        .map(|column| (nearest(column.offset), nearest(column.scale)));
    let (offsets, scales): (Vec<f64>, Vec<f64>) = constants.unzip();
    let mut last = apply(&mut graph, "Sub", "features", ("offset", offsets));
    last = apply(&mut graph, "Div", &last, ("scale", scales));
    last = cast(&mut graph, &last, FLOAT, "scaled");
    for (place, layer) in network.layers.iter().enumerate() {
        if place > 0 {
            last = node(&mut graph, "Relu", &[&last], format!("hidden{place}"), &[]);
        }
        let (weight, bias) = (format!("layer{place}.weight"), format!("layer{place}.bias"));
        let shape = layer.weights.shape().to_vec();
        graph
            .initializer
            .push(constant(&weight, shape, FLOAT, layer.weights.iter()));
        let shape = layer.biases.shape().to_vec();
        graph
            .initializer
            .push(constant(&bias, shape, FLOAT, layer.biases.iter()));
        let inputs = [last.as_str(), &weight, &bias];
        last = node(
            &mut graph,
            "Gemm",
            &inputs,
            format!("layer{place}"),
            &[("transB", 1)],
        );
    }
    match &task.schema.target {
        Target::Classes { labels, .. } => {
            let name = "probabilities".to_owned();
            let found = node(&mut graph, "Softmax", &[&last], name, &[("axis", 1)]);
            graph
                .output
                .push(tensor_info(&found, FLOAT, Some(labels.len())));
            let attributes = [("axis", 1), ("keepdims", 0)];
            let label = node(&mut graph, "ArgMax", &[&found], "label".into(), &attributes);
            graph.output.push(tensor_info(&label, INT64, None));
        }
        Target::Real(column) => {
            let scale = vec![nearest(column.scale)];
            last = cast(&mut graph, &last, DOUBLE, "scaled.value");
            last = apply(&mut graph, "Mul", &last, ("target.scale", scale));
            let offset = [nearest(column.offset)];
            let offset = constant("target.offset", vec![1], DOUBLE, offset.iter());
            graph.initializer.push(offset);
            let inputs = [last.as_str(), "target.offset"];
            let value = node(&mut graph, "Add", &inputs, "value".into(), &[]);
            graph.output.push(tensor_info(&value, DOUBLE, Some(1)));
        }
    }
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

/// Where the model is from, and what its numbers mean.
fn metadata(task: &TaskSpec, model: &ModelView) -> Vec<Entry> {
    let names = task
        .schema
        .features
        .iter()
        .map(|column| match &column.label {
            Some(label) => format!("{}={label}", column.name),
            None => column.name.to_string(),
        });
    let mut entries = vec![
        ("federation", model.federation.to_string()),
        ("round", model.round.to_string()),
        ("root", format!("{:?}", model.root)),
        ("features", names.collect::<Vec<_>>().join("\n")),
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

/// Adds a change of the elements' type; its output's name.
fn cast(graph: &mut Graph, input: &str, elem_type: i32, output: &str) -> String {
    let to = ("to", elem_type.into());
    node(graph, "Cast", &[input], output.into(), &[to])
}

/// Adds an operation with a constant in double precision; its output's name.
fn apply(graph: &mut Graph, operator: &str, input: &str, constants: (&str, Vec<f64>)) -> String {
    let (name, values) = constants;
    graph
        .initializer
        .push(constant(name, vec![values.len()], DOUBLE, values.iter()));
    let output = format!("{name}.{operator}");
    node(graph, operator, &[input, name], output, &[])
}

/// Adds an operation; its output's name.
fn node(
    graph: &mut Graph,
    operator: &str,
    inputs: &[&str],
    output: String,
    attributes: &[(&str, i64)],
) -> String {
    let attributes = attributes.iter().map(|(name, value)| Attribute {
        name: (*name).into(),
        i: *value,
        r#type: INT,
    });
    graph.node.push(Node {
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.clone()],
        name: output.clone(),
        op_type: operator.into(),
        attribute: attributes.collect(),
    });
    output
}

fn constant<'a>(
    name: &str,
    shape: Vec<usize>,
    data_type: i32,
    values: impl Iterator<Item = &'a f64>,
) -> Tensor {
    Tensor {
        dims: shape.into_iter().map(|size| size as i64).collect(),
        data_type,
        name: name.into(),
        raw_data: match data_type {
            DOUBLE => values.flat_map(|value| value.to_le_bytes()).collect(),
            _ => values
                .flat_map(|value| (*value as f32).to_le_bytes())
                .collect(),
        },
    }
}

/// An input or output of any number of rows.
fn tensor_info(name: &str, elem_type: i32, columns: Option<usize>) -> ValueInfo {
    let dimension = |value| Dimension { value: Some(value) };
    let mut dim = vec![dimension(dimension::Value::Param("rows".into()))];
    dim.extend(columns.map(|columns| dimension(dimension::Value::Size(columns as i64))));
    ValueInfo {
        name: name.into(),
        r#type: Some(Type {
            tensor_type: Some(TensorType {
                elem_type,
                shape: Some(Shape { dim }),
            }),
        }),
    }
}
