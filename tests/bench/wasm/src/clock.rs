//! The host's clock, so that only the aggregation itself is timed. For benchmarks only: code of a
//! chain must not know it.
//!
//! It counts the processor time of the thread, which others on the machine disturb least.

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
    /// Nanoseconds that the thread has computed.
    fn nanoseconds() -> u64 {
        cpu_time::ThreadTime::now().as_duration().as_nanos() as u64
    }
}
