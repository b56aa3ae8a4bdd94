//! The plain server: the same federation without a chain, to measure what the chain costs.
//!
//! ```text
//! client --join-->   server          waits for clients_min clients
//!        <--model--                  a round opens
//!        --update-->                 the last one, or the timeout, closes it
//!        <--model--                  the next round's, until all are over
//! ```
//!
//! - [`api`]: the messages, and what a client signs.
//! - [`federation`]: who takes part, what a round takes, when it closes. It knows no clock and no
//!   network; models are made by [`fedchain_learn::server::Server`], by the chain's rules.
//! - [`server`] listens and keeps the time; [`client`] trains.
//!
//! Whoever runs the server is trusted: nobody can check what it made of which updates. It keeps
//! everything in memory, so a restart begins anew.

pub mod api;
pub mod client;
mod connection;
mod error;
pub mod federation;
pub mod report;
pub mod server;

pub use error::ServeError;

use fedchain_fl::FederationSpec;

/// Whether a federation can work without a chain, which neither holds bonds nor burns them.
///
/// # Errors
/// The first thing that cannot.
pub fn check(spec: &FederationSpec<u128>) -> Result<(), fedchain_fl::Error> {
    spec.clone().map_amounts(|_| 1u8).check(u32::MAX)
}
