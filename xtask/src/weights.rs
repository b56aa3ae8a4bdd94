//! `cargo xtask weights`: measures calls and hooks in the runtime's Wasm, and writes the weights.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    cargo::{cargo, root, run as execute, target_dir},
    setup,
};

/// Crates of the measured pallets, and their folders.
const PALLETS: [(&str, &str); 3] = [
    ("pallet_difficulty", "difficulty"),
    ("pallet_federation", "federation"),
    ("pallet_mining_rewards", "mining-rewards"),
];

/// Where the build below leaves the Wasm, in the target directory.
const WASM: &str = "release/wbuild/fedchain-runtime-benchmarks/\
                    fedchain_runtime_benchmarks.compact.compressed.wasm";

/// Builds the runtime with its benchmarks, runs those of one pallet or of all and writes
/// `weights/measured.rs` of each. Takes half an hour; nothing else should run meanwhile.
pub fn run(only: Option<&str>) -> Result<()> {
    let chosen: Vec<_> = PALLETS
        .into_iter()
        .filter(|(_, folder)| only.is_none_or(|only| only == *folder))
        .collect();
    if chosen.is_empty() {
        bail!("there is no such pallet; choose one of those in pallets/");
    }
    let bencher = setup::bencher()?;
    build()?;
    let wasm = target_dir()?.join(WASM);
    for (pallet, folder) in chosen {
        let written = format!("pallets/{folder}/src/weights/measured.rs");
        execute(
            Command::new(&bencher)
                .current_dir(root()?)
                .args(["v1", "benchmark", "pallet", "--extrinsic=*"])
                .arg(format!("--pallet={pallet}"))
                .arg(format!("--output={written}"))
                .args(["--template=xtask/weights.hbs", "--steps=20", "--repeat=10"])
                .args(["--genesis-builder=runtime", "--disable-proof-recording"])
                .arg("--runtime")
                .arg(&wasm),
        )?;
        execute(
            Command::new("rustfmt")
                .current_dir(root()?)
                .args(["--edition=2024", &written]),
        )?;
    }
    Ok(())
}

/// Builds the runtime with its benchmarks.
pub fn build() -> Result<()> {
    setup::build_tools()?;
    execute(
        cargo()?
            .args(["build", "--release", "--workspace"])
            .args(["--features", "fedchain-runtime-benchmarks/std"]),
    )
}
