//! What a federation fixes at creation.
//!
//! [`TaskSpec`] says what is learned and how the result is computed; its hash is part of every
//! commitment. [`FederationSpec`] adds who, when and for how much.

mod federation;
mod schema;
mod task;

pub use federation::{FederationSpec, Membership, Windows};
pub use schema::{Column, Schema, Target};
pub use task::{Initial, ModelSpec, TaskSpec};
