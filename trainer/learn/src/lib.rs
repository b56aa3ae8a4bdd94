//! Federated learning beside the data, without a chain: rows in, quantised weights out.
//!
//! ```text
//! CSV --data--> rows --train--> weights --quantise--> update
//! ```
//!
//! - [`data`] reads rows by a federation's schema.
//! - [`model`] runs models, in `f64`. Whatever is reported is measured on QUANTISED weights: it is what
//!   the chain holds.
//! - [`train`](mod@train) makes an update of a server model and a client's rows; [`moments`] makes what
//!   certified regressions take instead.
//! - [`files`]: models in files that other tools read and write.
//! - [`privacy`] gives updates noise, and counts what they have told.
//! - [`server`] closes rounds by the chain's rules; [`simulate`] runs whole federations with
//!   it, in memory.
//! - [`whole`] puts files where they are to be, whole or not at all.

pub mod data;
mod error;
pub mod files;
pub mod model;
pub mod moments;
pub mod privacy;
pub mod server;
pub mod simulate;
pub mod train;
pub mod whole;

#[cfg(test)]
mod tests;

pub use error::LearnError;
pub use model::{
    metrics::{Metrics, evaluate},
    predict::{Prediction, predict},
    quality::{ClassQuality, Detail, Quality, assess},
    quantise::{dequantise, quantise},
};
pub use train::{Hyper, Method, Trained, train};
