//! Our digest items: who mined the block, at which difficulty, and when.

use crate::ENGINE_ID;
use codec::{Decode, DecodeAll, Encode};
use primitive_types::U256;

/// The one pre-runtime item of a header, always 64 bytes.
///
/// With it a header alone says what work it claims; the runtime refuses a block whose claim is not
/// the difficulty in its state, so a chain of headers can be weighed without any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PreDigest {
    /// The account that takes reward and fees.
    pub author: [u8; 32],
    /// The difficulty that the seal must meet.
    pub difficulty: U256,
}

impl PreDigest {
    /// Decodes an item; `None` unless it is exactly 64 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::decode_all(&mut &*bytes).ok()
    }

    /// Finds the item among a header's pre-runtime items; `None` unless it is the only one.
    pub fn find<'a>(items: impl IntoIterator<Item = ([u8; 4], &'a [u8])>) -> Option<Self> {
        let mut items = items.into_iter();
        match (items.next(), items.next()) {
            (Some((ENGINE_ID, bytes)), None) => Self::from_bytes(bytes),
            _ => None,
        }
    }
}

/// The one consensus item of ours in a header, always 8 bytes: the runtime adds it as it closes the
/// block.
///
/// With it the headers alone say how the difficulty must have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PostDigest {
    /// The block's own timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

impl PostDigest {
    /// Finds the item among a header's consensus items; `None` unless it is the only one of ours.
    pub fn find<'a>(items: impl IntoIterator<Item = ([u8; 4], &'a [u8])>) -> Option<Self> {
        let mut ours = items.into_iter().filter(|(engine, _)| *engine == ENGINE_ID);
        match (ours.next(), ours.next()) {
            (Some((_, bytes)), None) => Self::decode_all(&mut &*bytes).ok(),
            _ => None,
        }
    }
}
