//! What a stranger's numbers prove.
//!
//! A backend takes bytes from outside, refuses those of a wrong length before it looks at them, and
//! answers what they prove. What a check costs follows from lengths and from what a federation has
//! fixed, so it can be paid for before it is done.
//!
//! - [`optimality`]: that a linear model is the best one for everybody's rows, within a bound.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod optimality;

/// A check of bytes from outside.
pub trait Verifier {
    /// What right bytes prove.
    type Proof;
    /// Why bytes are refused.
    type Error;

    /// The one length, in bytes, that right bytes have.
    fn bytes(&self) -> u32;

    /// Checks bytes of that length.
    ///
    /// # Errors
    /// When they prove nothing.
    fn check(&self, bytes: &[u8]) -> Result<Self::Proof, Self::Error>;

    /// What an input of another length is refused with.
    fn wrong_length(&self) -> Self::Error;

    /// Checks bytes.
    ///
    /// # Errors
    /// When their length is wrong or they prove nothing.
    fn verify(&self, bytes: &[u8]) -> Result<Self::Proof, Self::Error> {
        match bytes.len() == self.bytes() as usize {
            true => self.check(bytes),
            false => Err(self.wrong_length()),
        }
    }
}
