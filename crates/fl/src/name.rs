//! Short printable names: federations, columns, class labels.

use alloc::{string::String, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;

use crate::{Error, limits::NAME_BYTES_MAX};

/// UTF-8 text of 1 to [`NAME_BYTES_MAX`] bytes without control characters.
///
/// Decoding admits any bytes; [`Name::check`] is part of the spec's check.
#[derive(
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Name(BoundedVec<u8, ConstU32<NAME_BYTES_MAX>>);

impl Name {
    /// Whether the bytes are a valid name.
    ///
    /// # Errors
    /// [`Error::Name`] when empty, not UTF-8 or with control characters.
    pub fn check(&self) -> Result<(), Error> {
        match core::str::from_utf8(&self.0) {
            Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(()),
            _ => Err(Error::Name),
        }
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes: Vec<u8> = text.as_bytes().into();
        let name = Self(bytes.try_into().map_err(|_| Error::Name)?);
        name.check()?;
        Ok(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(feature = "std")]
crate::text::serde_as_text!(Name);
