//! What the tests and the demo share: two learning tasks on real data, an independent oracle, and
//! the real binaries as child processes.
//!
//! - [`Task`]: the federation file, and the data cut into CSV files.
//! - [`oracle`]: ordinary least squares by normal equations.
//! - [`Node`], [`Cli`], [`Trainer`]: `fedchain-node` and `fedchain`, from the directory that this executable was
//!   built into; killed when dropped.
//! - [`open`]: a federation with its clients.
//! - [`Client`]: an account that signs and sends any call.

mod actions;
mod cli;
mod client;
pub mod extrinsic;
mod moments;
mod node;
pub mod oracle;
mod tasks;
mod trainer;

pub use actions::{CLIENTS, OWNER, join, open, open_for};
pub use cli::Cli;
pub use client::{Client, Sent, transfer_to};
pub use moments::impossible_moments;
pub use node::{Node, Place, free_port};
pub use tasks::{FIXED_SPLIT, Parts, Task};
pub use trainer::Trainer;

use std::path::PathBuf;

use anyhow::Context;

/// Finds a binary of this workspace beside the current executable, or one directory up.
///
/// # Errors
/// When it has not been built.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    here.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is not built: run cargo build --release --workspace"))
}
