//! Federated-learning arithmetic in integers.
//!
//! The same code runs in the runtime, in the trainer and in whoever audits the chain, so that all
//! of them arrive at the same bits. Nothing here knows of clocks, storage, networks or randomness:
//! seeds and block numbers are passed in.
//!
//! ```text
//! bytes --Update::check_part--> CheckedUpdate --Aggregation--> server model
//! ```
//!
//! - [`number`]: fixed point, wire widths, rounding half to even.
//! - [`spec`]: what a federation fixes at creation, and its checks.
//! - [`init`]: the seeded initial model.
//! - [`update`]: unchecked and checked updates. [`privacy`]: what clients declare about them.
//! - [`norm`] and [`distance`]: how far updates are from the base model and from each other.
//! - [`strategy`]: one aggregate from many updates. [`optimiser`]: a server model from that.
//! - [`aggregation`]: both for a whole round, chunk by chunk.
//! - [`score`]: the mean loss of a model on holdout rows. [`gate`]: what follows from it for a round
//!   and for each of its clients.
//! - [`window`]: when a phase is over.
//! - [`view`]: what a node answers about federations.
//! - `keys`: what the tables of a written spec take, and what a misspelt key was meant to be.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod aggregation;
pub mod decimal;
pub mod distance;
pub mod error;
pub mod gate;
pub mod init;
#[cfg(feature = "std")]
pub mod keys;
pub mod limits;
pub mod name;
pub mod norm;
pub mod number;
pub mod optimiser;
pub mod privacy;
pub mod refusal;
pub mod score;
pub mod spec;
pub mod strategy;
#[cfg(feature = "std")]
mod text;
pub mod update;
pub mod view;
pub mod window;

pub use aggregation::{Aggregation, Candidate, aggregate};
pub use decimal::Decimal;
pub use distance::Distances;
pub use error::Error;
pub use name::Name;
pub use norm::NormRule;
pub use number::{Format, Width};
pub use optimiser::{Adaptive, Moment, Optimiser};
pub use primitive_types::H256;
pub use privacy::Privacy;
pub use refusal::Refusal;
pub use spec::{
    Column, Contributions, FederationSpec, Gate, Initial, LeastSquares, Membership, ModelSpec,
    QUORUM_DEFAULT, Schema, Shape, Target, TaskSpec, Turnout, Windows,
};
pub use strategy::Strategy;
pub use update::{CheckedUpdate, Update};
