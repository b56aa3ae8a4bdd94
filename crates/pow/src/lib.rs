//! Proof of work: what a seal is, when it is valid, and how the difficulty follows the hash rate.
//!
//! # Protocol
//!
//! ```text
//! pre_hash   = blake2_256 of the header without its seal
//! work       = blake2_256(pre_hash ++ nonce, 8 bytes little-endian), read as a big-endian integer
//! valid      iff difficulty > 0 and work * difficulty < 2^256
//! ```
//!
//! The header carries one pre-runtime item, [`PreDigest`], one consensus item of ours,
//! [`PostDigest`], and ends in one seal item, [`Seal`]. Each has one length and one decoding only.
//!
//! # Properties
//!
//! - One piece of work is one block: a longer or shorter seal or digest is refused, so the same
//!   nonce cannot appear under two block hashes.
//! - A seal of difficulty `d` takes `d` hashes on average, and the chain's work is the sum of its
//!   difficulties, never the luck of a hash.
//! - [`retarget`] is a pure function of a bounded window: integers only, at most one part in
//!   [`UP_STEP_PART`] up and one in [`DOWN_STEP_PART`] down from block to block, never below the
//!   floor, never zero.
//! - A [`HeaderChain`] judges headers without their blocks: links, timestamps, difficulties, seals,
//!   and the weight by which chains are compared.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod chain;
mod digest;
mod fault;
mod finality;
mod header;
mod retarget;
mod rules;
mod seal;
mod weight;

pub use chain::HeaderChain;
pub use digest::{PostDigest, PreDigest};
pub use fault::Fault;
pub use finality::{BLOCKS_ABOVE_MAX, Burial};
pub use header::{Claim, Header, is_sealed};
pub use primitive_types::{H256, U256};
pub use retarget::{Bounds, DOWN_STEP_PART, Entry, UP_STEP_PART, WINDOW_ENTRIES_MAX, retarget};
pub use rules::Rules;
pub use seal::{Seal, is_met, search, target};
pub use weight::{EXCESS_PART, MEDIAN_BLOCKS, median, weight};

/// The engine id under which seal and pre-runtime item stand in a header.
///
/// It is Substrate's id for proof of work: the import queue of `sc-consensus-pow` looks for it.
pub const ENGINE_ID: [u8; 4] = *b"pow_";
