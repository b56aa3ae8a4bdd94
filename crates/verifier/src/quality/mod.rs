//! What an evaluator's holdout says of a model.
//!
//! ```text
//! part --Rows--> classes in range      (as it arrives)
//! whole holdout, model --Quality--> mean loss
//! ```
//!
//! A holdout has exactly as many rows as the federation demands, so that its length, and with it what a
//! measurement costs, is known before anything of it is read.

#[cfg(test)]
mod tests;

use fedchain_fl::{
    Error, TaskSpec,
    score::{Holdout, mean_loss},
    update::check_place,
};

use crate::Verifier;

/// A part of a holdout, at its place.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The task.
    pub task: &'a TaskSpec,
    /// Rows of the whole holdout.
    pub rows: u32,
    /// The part's first chunk.
    pub first: u32,
}

impl Verifier for Rows<'_> {
    type Input = [u8];
    type Proof = ();
    type Error = Error;

    fn measure(&self, part: &[u8]) -> Result<(), Error> {
        check_place(Holdout::bytes(self.task, self.rows), self.first, part)
    }

    fn check(&self, part: &[u8]) -> Result<(), Error> {
        Holdout::check_part(self.task, self.first, part)
    }
}

/// A model that is measured on a holdout.
#[derive(Debug, Clone, Copy)]
pub struct Quality<'a> {
    /// The task.
    pub task: &'a TaskSpec,
    /// Rows of the holdout.
    pub rows: u32,
    /// The model, `[param_count]`.
    pub model: &'a [i32],
}

impl Verifier for Quality<'_> {
    type Input = [u8];
    /// Mean loss, a `u64` at 2^-32.
    type Proof = u64;
    type Error = Error;

    fn measure(&self, holdout: &[u8]) -> Result<(), Error> {
        let (needed, found) = (Holdout::bytes(self.task, self.rows), holdout.len());
        match found == needed as usize {
            true => Ok(()),
            false => Err(Error::HoldoutBytes { found, needed }),
        }
    }

    fn check(&self, holdout: &[u8]) -> Result<u64, Error> {
        mean_loss(self.task, self.model, &Holdout::decode(self.task, holdout)?)
    }
}
