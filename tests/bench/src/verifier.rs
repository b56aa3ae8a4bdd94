//! What a verifier spends: each rule alone, whole rounds in blocks, bytes of state, receipts, audits.

mod blocks;
mod certificates;
mod chain;
mod engine;
mod flower;
mod growth;
mod rules;
mod scores;

use anyhow::Result;

/// Measures all of it.
pub fn run() -> Result<()> {
    certificates::run()?;
    scores::run()?;
    chain::run()?;
    rules::run()?;
    blocks::run()?;
    growth::run()
}
