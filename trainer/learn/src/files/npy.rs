//! NumPy's format, one flat array: `\x93NUMPY`, two bytes of version, the header's length, the header, which is a dict
//! in Python, and the elements (`numpy.lib.format` in NumPy's reference).
//!
//! ndarray-npy writes it. It does not read here: its views need the machine's order of bytes and aligned
//! elements, its other readers make room for as many elements as a header claims.

use half::f16;
use ndarray::Array1;
use ndarray_npy::WriteNpyExt;
use py_literal::Value;

use super::{ContentError, elements::decoded};

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy reads no longer ones either.
const HEADER_BYTES_MAX: usize = 10_000;
/// A flat array's header has two.
const BRACKETS_MAX: usize = 64;

/// What a header says.
struct Header {
    /// Kind, size and order of bytes of the elements, such as `<f8`.
    elements: String,
    shape: Vec<u64>,
}

/// Weights of an array of float64, float32 or float16, in either order of bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<f64>, ContentError> {
    let (header, data) = split(bytes)?;
    let Header { elements, shape } = Header::parse(header)?;
    let weights = match elements.as_str() {
        "<f8" => decoded(data, f64::from_le_bytes),
        ">f8" => decoded(data, f64::from_be_bytes),
        "<f4" => decoded(data, |bytes| f32::from_le_bytes(bytes).into()),
        ">f4" => decoded(data, |bytes| f32::from_be_bytes(bytes).into()),
        "<f2" => decoded(data, |bytes| f16::from_le_bytes(bytes).into()),
        ">f2" => decoded(data, |bytes| f16::from_be_bytes(bytes).into()),
        _ => {
            return Err(ContentError::Elements {
                tensor: "the array".into(),
                found: elements,
            });
        }
    };
    // One axis: the order of axes says nothing.
    let [length] = shape[..] else {
        return Err(ContentError::Dimensions { found: shape.len() });
    };
    match weights {
        Some(weights) if weights.len() as u64 == length => Ok(weights),
        _ => Err(damaged(format!(
            "its header says {length} elements of {elements}, and {} bytes follow",
            data.len()
        ))),
    }
}

/// The header and the elements of a file.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), ContentError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(damaged("it does not begin as one"));
    };
    let cut_off = || damaged("it is cut off in its header");
    let (length, rest) = match rest {
        [1, 0, a, b, rest @ ..] => (u32::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, 0, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        [1..=3, 0, ..] | [] | [_] => return Err(cut_off()),
        [major, minor, ..] => {
            return Err(damaged(format!(
                "its format is {major}.{minor}, not 1.0 to 3.0"
            )));
        }
    };
    let (header, data) = rest.split_at_checked(length as usize).ok_or_else(cut_off)?;
    match str::from_utf8(header) {
        Ok(header) => Ok((header, data)),
        Err(_) => Err(damaged("its header is no text")),
    }
}

impl Header {
    fn parse(text: &str) -> Result<Self, ContentError> {
        // The parser calls itself for each bracket.
        let brackets = text.matches(['(', '[', '{']).count();
        if text.len() > HEADER_BYTES_MAX || brackets > BRACKETS_MAX {
            return Err(damaged("its header is too long for a flat array"));
        }
        let unreadable = || damaged("its header is no dict of descr, fortran_order and shape");
        let header: Value = text.trim().parse().map_err(|_| unreadable())?;
        let fields = header.as_dict().ok_or_else(unreadable)?;
        let field = |name: &str| {
            let mut fields = fields.iter();
            let found = fields.find(|(key, _)| key.as_string().is_some_and(|key| key == name));
            found.map(|(_, value)| value).ok_or_else(unreadable)
        };
        let lengths = field("shape")?.as_tuple().ok_or_else(unreadable)?;
        let shape = lengths.iter().map(|length| {
            let length = length.as_integer().map(ToString::to_string);
            length.and_then(|length| length.parse().ok())
        });
        let elements = field("descr")?;
        Ok(Self {
            shape: shape.collect::<Option<_>>().ok_or_else(unreadable)?,
            elements: match elements.as_string() {
                Some(name) => name.clone(),
                None => elements.to_string(),
            },
        })
    }
}

fn damaged(reason: impl Into<String>) -> ContentError {
    ContentError::Npy(reason.into())
}

pub(super) fn write(weights: Vec<f64>) -> Result<Vec<u8>, ContentError> {
    let mut bytes = Vec::new();
    let array = Array1::from_vec(weights);
    let written = array.write_npy(&mut bytes);
    written.map_err(|error| ContentError::Write(error.to_string()))?;
    Ok(bytes)
}
