//! `cargo xtask fuzz`: the targets of tests/fuzz under libFuzzer, and their corpus.

use std::{fs, process::Command};

use anyhow::{Result, bail};

use crate::{
    cargo::{cargo, root, run as execute, target_dir},
    setup,
};

/// The targets, by the names of their corpora.
pub const TARGETS: [&str; 4] = ["calls", "decoders", "headers", "receipts"];

/// The compiler's coverage instrumentation that libFuzzer reads, as cargo-fuzz sets it; it needs no
/// nightly compiler. Debug assertions turn overflows into failures.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 -Cdebug-assertions";
/// Named explicitly, so that build scripts and macros are not instrumented.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Runs one target for so many minutes; what it found anew is added to the kept corpus.
pub fn run(target: &str, minutes: u32) -> Result<()> {
    if !TARGETS.contains(&target) {
        bail!("there is no such target; choose {}", TARGETS.join(" or "));
    }
    setup::build_tools()?;
    let folder = target_dir()?.with_file_name("fuzz");
    let build = folder.join("target");
    execute(
        cargo()?
            .args([
                "build",
                "--release",
                "--package=fedchain-fuzz",
                "--features=engine",
            ])
            .args(["--target", PLATFORM])
            .arg("--target-dir")
            .arg(&build)
            .env("RUSTFLAGS", RUSTFLAGS),
    )?;
    let program = build.join(PLATFORM).join(format!("release/fuzz-{target}"));
    let kept = root()?.join("tests/fuzz/corpus").join(target);
    let found = folder.join("corpus").join(target);
    fs::create_dir_all(&found)?;
    let seconds = u64::from(minutes).saturating_mul(60);
    let engine = || {
        let mut engine = Command::new(&program);
        // Where it leaves an input that fails.
        engine.current_dir(&folder);
        engine
    };
    execute(
        engine()
            .arg(format!("-max_total_time={seconds}"))
            .args([
                "-max_len=4096",
                "-len_control=0",
                "-timeout=60",
                "-rss_limit_mb=4096",
                "-print_final_stats=1",
            ])
            .arg(&found)
            .arg(&kept),
    )?;
    execute(
        engine()
            .args(["-merge=1", "-max_len=4096"])
            .arg(&kept)
            .arg(&found),
    )
}
