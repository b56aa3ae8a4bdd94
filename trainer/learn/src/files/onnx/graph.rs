//! A graph as it grows: constants, operations, and what goes in and out.

use super::proto::{
    Attribute, Dimension, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo, dimension,
};

/// Element types of the format.
pub(super) const INT64: i32 = 7;
pub(super) const DOUBLE: i32 = 11;
/// Attribute type of the format.
const INT: i32 = 2;

impl Graph {
    /// Adds an operation; its output's name.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, i64)],
    ) -> String {
        let attributes = attributes.iter().map(|(name, value)| Attribute {
            name: (*name).into(),
            i: *value,
            r#type: INT,
        });
        self.node.push(Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.into()],
            name: output.into(),
            op_type: operator.into(),
            attribute: attributes.collect(),
        });
        output.into()
    }

    /// Adds numbers in double precision.
    pub(super) fn numbers<'a>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl IntoIterator<Item = &'a f64>,
    ) {
        let bytes = values.into_iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, shape, DOUBLE, bytes.collect());
    }

    /// Adds a whole number.
    pub(super) fn whole(&mut self, name: &str, value: i64) {
        self.constant(name, &[1], INT64, value.to_le_bytes().into());
    }

    fn constant(&mut self, name: &str, shape: &[usize], data_type: i32, raw_data: Vec<u8>) {
        self.initializer.push(Tensor {
            dims: shape.iter().map(|size| *size as i64).collect(),
            data_type,
            name: name.into(),
            raw_data,
        });
    }
}

/// An input or output of any number of rows.
pub(super) fn tensor_info(name: &str, elem_type: i32, columns: Option<usize>) -> ValueInfo {
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
