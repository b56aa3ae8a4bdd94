//! What a stranger's numbers prove.
//!
//! A backend takes what came from outside, refuses wrong sizes before it looks at anything in it, and
//! answers what it proves. What a check costs follows from lengths and from what a federation has
//! fixed, so it can be paid for before it is done.
//!
//! - [`opening`]: that a part of an update or holdout is one that its sender committed to.
//! - [`norm`]: that an update lies near the base model.
//! - [`quality`]: how well a model does on rows that were committed to before it was there.
//! - [`optimality`]: that a linear model is the best one for everybody's rows, within a bound.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod norm;
pub mod opening;
pub mod optimality;
pub mod quality;

/// A check of what came from outside.
pub trait Verifier {
    /// What came.
    type Input: ?Sized;
    /// What it proves when it is right.
    type Proof;
    /// Why it is refused.
    type Error;

    /// Refuses what has not a right input's size; looks at nothing else.
    ///
    /// # Errors
    /// When it is shorter or longer.
    fn measure(&self, input: &Self::Input) -> Result<(), Self::Error>;

    /// Checks an input of a right size.
    ///
    /// # Errors
    /// When it proves nothing.
    fn check(&self, input: &Self::Input) -> Result<Self::Proof, Self::Error>;

    /// Checks an input.
    ///
    /// # Errors
    /// When its size is wrong or it proves nothing.
    fn verify(&self, input: &Self::Input) -> Result<Self::Proof, Self::Error> {
        self.measure(input)?;
        self.check(input)
    }
}
