//! Proof that a part of an update, or of a holdout, is one of those that its sender committed to.
//!
//! ```text
//! part, Merkle proof --> root of the whole ---------+
//! what the sender states: rows, salt, base, round --+--> hash == commitment
//! ```
//!
//! A hash binds, so a part that passes is the one that was there when its sender committed: for this
//! chain, federation, round and account; an update also for its base model and with its sample count.
//! Parts come in order, each once.

#[cfg(test)]
mod tests;

use core::fmt;
use fedchain_commitment::{Opens, Part};
use fedchain_fl::{Error as FlError, H256, update::check_place};

use crate::Verifier;

/// A commitment that is being opened.
#[derive(Debug, Clone)]
pub struct Committed<Opening> {
    /// The hash.
    pub commitment: H256,
    /// What it should open to; the root of the values is not looked at, it follows from the part.
    pub opening: Opening,
    /// Bytes of the whole update or holdout.
    pub total_bytes: u32,
    /// Chunks that were opened before.
    pub received: u32,
}

/// What a part has proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Root of all values.
    pub values_root: H256,
    /// Chunks that are opened now.
    pub received: u32,
}

/// Why a part was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// It is not as long as a part at its place is.
    Size(FlError),
    /// It does not follow the parts before it.
    Order {
        /// The chunk that is next.
        expected: u32,
        /// The part's first chunk.
        found: u32,
    },
    /// Its Merkle proof fits no tree of so many chunks.
    Proof,
    /// It is not of what its sender committed to.
    Commitment,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(error) => error.fmt(f),
            Self::Order { expected, found } => {
                write!(
                    f,
                    "the part begins with chunk {found}, but {expected} is next"
                )
            }
            Self::Proof => write!(f, "the part's Merkle proof has not the right length"),
            Self::Commitment => write!(f, "the part is not of what was committed to"),
        }
    }
}

impl core::error::Error for Error {}

impl<Opening: Opens> Verifier for Committed<Opening> {
    type Input = Part;
    type Proof = Opened;
    type Error = Error;

    fn measure(&self, part: &Part) -> Result<(), Error> {
        let (expected, found) = (self.received, part.first);
        if found != expected {
            return Err(Error::Order { expected, found });
        }
        check_place(self.total_bytes, found, &part.values).map_err(Error::Size)
    }

    fn check(&self, part: &Part) -> Result<Opened, Error> {
        let values_root = part
            .root(Opening::TREE, self.total_bytes)
            .ok_or(Error::Proof)?;
        match self.opening.commitment_to(values_root) == self.commitment {
            true => Ok(Opened {
                values_root,
                received: part.first.saturating_add(part.chunks()),
            }),
            false => Err(Error::Commitment),
        }
    }
}
