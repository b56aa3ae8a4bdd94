//! What a federation fixes at creation.
//!
//! [`TaskSpec`] says what is learned and how the result is computed; its hash is part of every
//! commitment. [`FederationSpec`] adds who, when and for how much.

mod federation;
mod gate;
mod least_squares;
mod schema;
mod task;

pub use federation::{FederationSpec, Membership, QUORUM_DEFAULT, Turnout, Windows};
pub use gate::{Contributions, Gate};
pub use least_squares::{LeastSquares, Shape};
pub use schema::{Column, Schema, Target};
pub use task::{Initial, ModelSpec, TaskSpec};
