//! Adversaries of the protocol, one file each: plays against the pallet by calls that anyone can send.
//! Tests say what each gains (nothing) and pays, and that honest clients end as they would without it.
//!
//! Attacks on values, what attackers send instead of what they learned, are in
//! `fedchain_learn::simulate::attack`.

#[cfg(test)]
mod protocol;
