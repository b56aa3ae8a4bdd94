//! Adversaries, one file each.
//!
//! - [`attack`]: what attackers send instead of what they learned. Benchmarks measure how far each
//!   moves the model under each strategy.
//! - `protocol`: plays against the pallet by calls that anyone can send. Tests say what each gains
//!   (nothing) and pays, and that honest clients end as they would without it.

pub mod attack;
#[cfg(test)]
mod protocol;
