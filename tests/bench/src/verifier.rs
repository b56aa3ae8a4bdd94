//! What a verifier of a round spends: each rule alone, whole rounds in blocks, bytes of state.

mod blocks;
mod certificates;
mod engine;
mod flower;
mod growth;
mod rules;

use anyhow::Result;

/// Measures all of it.
pub fn run() -> Result<()> {
    certificates::run()?;
    rules::run()?;
    blocks::run()?;
    growth::run()
}
