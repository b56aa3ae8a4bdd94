//! Models in `f64`: forward passes, losses, metrics, predictions, and the way to fixed point.

pub(crate) mod backprop;
pub(crate) mod fit;
pub(crate) mod loss;
pub mod metrics;
pub(crate) mod network;
pub mod predict;
pub mod quality;
pub mod quantise;
