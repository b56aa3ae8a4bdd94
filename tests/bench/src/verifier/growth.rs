//! Bytes of state over many rounds: nothing per client may stay.

use anyhow::{Result, ensure};
use fedchain_bench::{
    chain::Chain,
    federation::{Federation, state_prefix},
    table::row,
    task::{WIDE, task},
};
use fedchain_fl::Strategy;
use fedchain_runtime::currency::UNIT;

const ROUNDS: u32 = 50;

/// Plays the rounds with few and with more clients: the growth must be the same.
pub fn run() -> Result<()> {
    let few = growth(3)?;
    let more = growth(12)?;
    ensure!(few == more, "state grows by client: {few} and {more} bytes");
    let per_round = few as f64 / f64::from(ROUNDS - 1);
    row("state_growth_per_round", per_round, "bytes");
    Ok(())
}

/// Growth of the pallet's state from the end of round 1 to the end of round 50, in bytes.
fn growth(clients: u32) -> Result<u64> {
    let mut chain = Chain::new()?;
    let task = task(650, WIDE, Strategy::TrimmedMean { trim: 1 })?;
    let federation = Federation::open(&mut chain, clients, ROUNDS + 1, UNIT, task)?;
    let mut bytes = Vec::new();
    for round in 1..=ROUNDS {
        federation.commit(&mut chain)?;
        federation.reveal(&mut chain)?;
        while federation.round(&mut chain)? == round {
            chain.block(&[], 1)?;
        }
        bytes.push(chain.state_bytes(&state_prefix())?);
    }
    let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
    row(
        &format!("state_{clients}x650_after_round_1"),
        first as f64,
        "bytes",
    );
    row(
        &format!("state_{clients}x650_after_round_{ROUNDS}"),
        last as f64,
        "bytes",
    );
    Ok(last - first)
}
