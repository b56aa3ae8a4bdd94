//! Hashes per second of one thread: the miner's search against the bare hash loop.

use anyhow::Result;
use fedchain_pow::{U256, search};
use sp_crypto_hashing::blake2_256;
use std::time::Duration;

use fedchain_bench::table::{median, row};

const HASHES: u64 = 2_000_000;

/// Measures both loops over the same number of hashes.
pub fn run() -> Result<()> {
    let (mining, found) = median(|| search(&[7; 32], U256::zero(), 0..HASHES));
    anyhow::ensure!(found.is_none(), "a hash of zero was found");
    let (bare, _) = median(|| {
        let mut input = [7; 40];
        (0..HASHES).fold(0u8, |sum, nonce| {
            input[32..].copy_from_slice(&nonce.to_le_bytes());
            sum ^ blake2_256(std::hint::black_box(&input))[0]
        })
    });
    let per_second = |duration: Duration| HASHES as f64 / duration.as_secs_f64();
    row("hashes_per_second_mining", per_second(mining), "1/s");
    row("hashes_per_second_bare", per_second(bare), "1/s");
    row(
        "mining_to_bare",
        per_second(mining) / per_second(bare),
        "ratio",
    );
    Ok(())
}
