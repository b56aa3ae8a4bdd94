//! The chains of these tests: the development chain with a difficulty, and a past, of their own.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, ensure};
use fedchain_test_support::binary;
use serde_json::Value;

use crate::FINALITY_DEPTH;

/// How long ago the chains began: time in which an attacker may say that it mined.
const AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Between which values the difficulty stays, in hashes; it begins with the higher one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difficulty {
    pub(crate) lowest: u128,
    pub(crate) highest: u128,
}

impl Difficulty {
    /// A longer branch is a heavier one, and finality by weight is one by count.
    pub(crate) const SIMPLE: Self = Self {
        lowest: 20_000,
        highest: 20_000,
    };
    /// 5,000 blocks at the lowest, with the steps on the way down there, weigh as much as 25 at the highest.
    pub(crate) const WIDE: Self = Self {
        lowest: 1_000,
        highest: 250_000,
    };
}

/// Writes the specification: nodes that need peers, and a pace that only work sets.
///
/// # Errors
/// When the programs are not built.
pub(crate) fn write(path: &Path, difficulty: Difficulty) -> Result<()> {
    let output = Command::new(binary("fedchain-node")?)
        .args(["export-chain-spec", "--chain", "dev"])
        .output()?;
    ensure!(output.status.success(), "no chain specification");
    let began = SystemTime::now().duration_since(UNIX_EPOCH)? - AGE;
    let mut spec: Value = serde_json::from_slice(&output.stdout)?;
    spec["chainType"] = "Local".into();
    spec["finalityDepth"] = FINALITY_DEPTH.into();
    let rules = &mut spec["genesis"]["runtimeGenesis"]["patch"]["difficulty"];
    let highest = format!("{:#x}", difficulty.highest);
    rules["initialDifficulty"] = highest.clone().into();
    rules["difficultyCeiling"] = highest.into();
    rules["difficultyFloor"] = format!("{:#x}", difficulty.lowest).into();
    rules["genesisTimeMs"] = (began.as_millis() as u64).into();
    rules["minSpacingMs"] = 1.into();
    fs::write(path, spec.to_string())?;
    Ok(())
}
