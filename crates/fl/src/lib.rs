//! Federated-learning arithmetic in integers.
//!
//! The same code runs in the runtime, in the trainer and in whoever audits the chain, so that all
//! of them arrive at the same bits. Nothing here knows of clocks, storage, networks or randomness:
//! seeds and block numbers are passed in.
//!
//! ```text
//! bytes --Update::check--> CheckedUpdate --strategy::aggregate--> server model
//! ```
//!
//! - [`number`]: fixed point, wire widths, rounding half to even.
//! - [`spec`]: what a federation fixes at creation, and its checks.
//! - [`init`]: the seeded initial model.
//! - [`update`]: unchecked and checked updates, distance to the base model.
//! - [`strategy`]: FedAvg, coordinate-wise median, trimmed mean.
//! - [`window`]: when a phase is over.
//! - [`view`]: what a node answers about federations.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod decimal;
pub mod error;
pub mod init;
pub mod limits;
pub mod name;
pub mod number;
pub mod refusal;
pub mod spec;
pub mod strategy;
#[cfg(feature = "std")]
mod text;
pub mod update;
pub mod view;
pub mod window;

pub use decimal::Decimal;
pub use error::Error;
pub use name::Name;
pub use number::{Format, Width};
pub use primitive_types::H256;
pub use refusal::Refusal;
pub use spec::{
    Column, FederationSpec, Initial, Membership, ModelSpec, Schema, Target, TaskSpec, Windows,
};
pub use strategy::Strategy;
pub use update::{CheckedUpdate, Update};
