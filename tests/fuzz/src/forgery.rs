//! A part of a model with something changed: it never has the root of the model.

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use fedchain_commitment::{Part, Tree, parts, values_root};
use fedchain_fl::{H256, limits::CHUNK_BYTES};

/// A model in parts.
struct Whole {
    bytes: u32,
    root: H256,
    parts: Vec<Part>,
}

/// Models of one chunk, three chunks, and two parts of several shapes.
static WHOLES: LazyLock<[Whole; 5]> = LazyLock::new(|| {
    [12, 40_000, 262_145, 300_000, 400_001].map(|bytes: u32| {
        let values: Vec<u8> = (0..bytes).map(|place| (place / 7) as u8).collect();
        Whole {
            bytes,
            root: values_root(&values),
            parts: parts(&values),
        }
    })
});

/// What is changed, and where.
#[derive(Debug, Clone, Arbitrary)]
pub(crate) struct Forgery {
    whole: u8,
    part: u8,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Arbitrary)]
enum Change {
    Value(u32, u8),
    Cut(u32),
    Append(u8),
    First(u32),
    Hash(u8, u8, u8),
    Swap(u8, u8),
    Drop(u8),
    Insert(u8, [u8; 32]),
    Total(u32),
}

/// Panics when the changed part is taken for one of the original.
pub(crate) fn try_forgery(forgery: &Forgery) {
    let whole = &WHOLES[usize::from(forgery.whole) % WHOLES.len()];
    let original = &whole.parts[usize::from(forgery.part) % whole.parts.len()];
    let (mut part, mut bytes) = (original.clone(), whole.bytes);
    for change in &forgery.changes {
        apply(change, &mut part, &mut bytes);
    }
    let is_same =
        part == *original && bytes.div_ceil(CHUNK_BYTES) == whole.bytes.div_ceil(CHUNK_BYTES);
    assert_eq!(
        part.root(Tree::Values, bytes) == Some(whole.root),
        is_same,
        "{:?}",
        forgery.changes
    );
}

fn apply(change: &Change, part: &mut Part, bytes: &mut u32) {
    let hashes = part.proof.len().max(1);
    let place = |index: &u8| usize::from(*index) % hashes;
    match change {
        Change::Value(index, byte) => {
            let values = part.values.len().max(1);
            if let Some(value) = part.values.get_mut(*index as usize % values) {
                *value ^= byte;
            }
        }
        Change::Cut(length) => part.values.truncate(*length as usize),
        Change::Append(byte) => {
            let _ = part.values.try_push(*byte);
        }
        Change::First(first) => part.first = *first,
        Change::Hash(index, byte, bits) => {
            if let Some(hash) = part.proof.get_mut(place(index)) {
                hash.0[usize::from(*byte) % 32] ^= bits;
            }
        }
        Change::Swap(a, b) if !part.proof.is_empty() => {
            part.proof.as_mut().swap(place(a), place(b));
        }
        Change::Drop(index) if !part.proof.is_empty() => {
            part.proof.remove(place(index));
        }
        Change::Insert(index, hash) => {
            let _ = part.proof.try_insert(place(index), H256(*hash));
        }
        Change::Total(total) => *bytes = *total,
        Change::Swap(..) | Change::Drop(_) => {}
    }
}
