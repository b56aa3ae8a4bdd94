//! `cargo xtask weights`: measures calls and hooks in the runtime's Wasm, and writes the weights.

use std::process::Command;

use anyhow::Result;

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

/// Builds the runtime with its benchmarks, runs all of them and writes each pallet's
/// `weights/measured.rs`. Takes some ten minutes; nothing else should run meanwhile.
pub fn run() -> Result<()> {
    setup::build_tools()?;
    let bencher = setup::bencher()?;
    execute(
        cargo()?
            .args(["build", "--release", "--workspace"])
            .args(["--features", "fedchain-runtime-benchmarks/std"]),
    )?;
    let wasm = target_dir()?.join(WASM);
    for (pallet, folder) in PALLETS {
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
