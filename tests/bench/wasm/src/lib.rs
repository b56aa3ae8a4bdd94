//! Aggregation on made-up updates: the same code natively and as Wasm.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

// Links the allocator and the panic handler.
#[cfg(not(feature = "std"))]
use sp_io as _;

use alloc::vec::Vec;
use codec::{Decode, Encode};
use fedchain_fl::{Strategy, strategy};

/// What to aggregate, and how often.
#[derive(Clone, Copy, Encode, Decode)]
pub struct Job {
    /// The rule.
    pub strategy: Strategy,
    /// Number of updates.
    pub clients: u32,
    /// Weights per update.
    pub params: u32,
    /// Aggregations of the same updates.
    pub repeats: u32,
}

impl Job {
    /// Makes the updates, aggregates them `repeats` times, and answers the sum of the last model's
    /// weights, so that nothing can be left out. `None` when the rule needs more updates.
    pub fn run(&self) -> Option<i64> {
        let updates: Vec<Vec<i32>> = (0..self.clients).map(|client| self.update(client)).collect();
        let updates: Vec<(&[i32], u32)> =
            updates.iter().zip(1..).map(|(values, count)| (values.as_slice(), count)).collect();
        let mut model = Vec::new();
        for _ in 0..self.repeats {
            model = strategy::aggregate(self.strategy, core::hint::black_box(&updates)).ok()?;
        }
        Some(model.iter().map(|weight| i64::from(*weight)).sum())
    }

    /// Weights spread over 16 bits, by a multiplicative hash of their place.
    fn update(&self, client: u32) -> Vec<i32> {
        (0..self.params)
            .map(|place| {
                let mixed = place.wrapping_mul(0x9e37_79b1) ^ client.wrapping_mul(0x85eb_ca77);
                (mixed.wrapping_mul(0xc2b2_ae3d) >> 16) as i32 - 32_768
            })
            .collect()
    }
}

/// The export that a node's Wasm engine calls: a SCALE [`Job`] in, a SCALE `Option<i64>` out, its
/// place and length packed into one number.
///
/// # Safety
/// `data` must point to `length` readable bytes, as the engine guarantees.
#[cfg(not(feature = "std"))]
#[allow(unsafe_code, reason = "the calling convention of Wasm exports")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aggregate(data: *const u8, length: usize) -> u64 {
    // SAFETY: the engine passes a buffer that it has just written.
    let mut input = unsafe { core::slice::from_raw_parts(data, length) };
    let answer = Job::decode(&mut input).ok().and_then(|job| job.run()).encode().leak();
    (answer.len() as u64) << 32 | answer.as_ptr() as u64
}
