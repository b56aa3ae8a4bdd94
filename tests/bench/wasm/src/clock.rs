//! The host's clock, so that only the aggregation itself is timed. For benchmarks only: code of a
//! chain must not know it.

#![allow(
    missing_docs,
    unsafe_code,
    unexpected_cfgs,
    reason = "the items of the macro"
)]

use sp_runtime_interface::runtime_interface;

/// A clock.
#[runtime_interface]
pub trait Clock {
    /// Nanoseconds since the first call.
    fn nanoseconds() -> u64 {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START
            .get_or_init(std::time::Instant::now)
            .elapsed()
            .as_nanos() as u64
    }
}
