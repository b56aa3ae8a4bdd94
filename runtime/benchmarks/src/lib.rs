//! The runtime with its benchmarks, apart from the runtime that nodes execute.
//!
//! It is built to Wasm only: `cargo build --release --workspace --features
//! fedchain-runtime-benchmarks/std`.

#![cfg_attr(target_family = "wasm", no_std)]

#[cfg(target_family = "wasm")]
pub use fedchain_runtime::*;
