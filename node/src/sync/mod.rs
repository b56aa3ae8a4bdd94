//! Synchronisation: headers first, and by weight.
//!
//! ```text
//! claim of a peer -> headers, checked -> heavier than ours? -> blocks, by hash -> import
//!   (unproven)                                | no
//!                                     nothing is fetched
//! ```
//!
//! Nothing follows from a height that a peer claims. [`machine`] compares each peer's headers with
//! this node's chain ([`peer`], [`branch`]), within a [`budget`], and fetches the blocks of the heaviest
//! branch that was proven ([`plan`]). It knows no network and no clock; [`strategy`] connects it to both.
//! [`held`] keeps headers ahead of their time, [`start_over`] leaves a chain that cannot be left in place.

mod branch;
mod budget;
mod ledger;
mod machine;
mod peer;
mod plan;
mod progress;
pub mod start_over;
mod strategy;

mod held;
mod metrics;

#[cfg(test)]
mod tests;

pub use metrics::Metrics;
pub use progress::Progress;
pub use strategy::{Parts, Strategy};

use fedchain_pow::U256;
use fedchain_runtime::{BlockNumber, Hash};

const LOG_TARGET: &str = "sync";

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: BlockNumber,
    /// Hash.
    pub hash: Hash,
}

/// What the chain's specification demands of a branch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demands {
    /// A block that it must have.
    pub checkpoint: Option<(BlockNumber, Hash)>,
    /// The weight that it must have.
    pub minimum_work: U256,
    /// The lowest difficulty there is.
    pub floor: U256,
}
