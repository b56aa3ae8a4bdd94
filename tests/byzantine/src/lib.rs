//! Adversaries, one file each.
//!
//! Those in `protocol` play against the pallet, by calls that anyone can send. The tests say what
//! each gains (nothing) and pays, and that honest clients end as they would without it.

#[cfg(test)]
mod protocol;
