//! Headers that name each other.

use fedchain_fl::H256;

use crate::{Fault, Header};

/// A chain of headers, of which only the newest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    number: u32,
    hash: H256,
}

impl Links {
    /// A chain that begins with `first`.
    pub fn new(first: &Header) -> Self {
        Self {
            number: first.number,
            hash: first.hash(),
        }
    }

    /// Height of the newest header.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Hash of the newest header.
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// Takes the next header.
    ///
    /// # Errors
    /// [`Fault::Number`], [`Fault::Parent`].
    pub fn follow(&mut self, header: &Header) -> Result<(), Fault> {
        let expected = u64::from(self.number).saturating_add(1);
        if u64::from(header.number) != expected {
            let found = header.number;
            return Err(Fault::Number { expected, found });
        }
        if header.parent_hash != self.hash {
            let (expected, found) = (self.hash, header.parent_hash);
            return Err(Fault::Parent { expected, found });
        }
        *self = Self::new(header);
        Ok(())
    }
}
