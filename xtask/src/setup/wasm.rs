//! The compilation target of the runtime, `wasm32v1-none`.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::debian;
use crate::cargo::{WASM_BUILD_TOOLCHAIN, output};

/// The target's name for rustc.
pub const TARGET: &str = "wasm32v1-none";

/// Set to `debian` to pass over rustup's own target, as a machine must that cannot download it.
const ROUTE: &str = "FEDCHAIN_WASM_ROUTE";

/// Finds or installs the target, and returns the toolchain that WASM_BUILD_TOOLCHAIN must name,
/// if any: nothing when the active toolchain has the target.
pub fn provide(cache: &Path) -> Result<Option<String>> {
    if let Ok(named) = env::var(WASM_BUILD_TOOLCHAIN) {
        if ready(Command::new("rustup").args(["run", &named, "rustc"])) {
            return Ok(Some(named));
        }
        println!("setup: the toolchain {named} is not ready to build for {TARGET}");
    }
    let refused = if env::var_os(ROUTE).is_some_and(|route| route == "debian") {
        format!("{ROUTE} passes it over")
    } else if ready(&mut Command::new("rustc")) {
        return Ok(None);
    } else {
        println!("setup: adding the target {TARGET}");
        match output(Command::new("rustup").args(["target", "add", TARGET])) {
            Ok(_) => return Ok(None),
            Err(error) => error.to_string(),
        }
    };
    debian::provide(cache).with_context(|| {
        format!(
            "no compiler for {TARGET}. Install it with `rustup target add {TARGET}` ({refused}), \
             or on Debian 12 as root with `apt-get install {}`, and run this again",
            debian::PACKAGES.join(" ")
        )
    })?;
    Ok(Some(debian::TOOLCHAIN.into()))
}

/// Whether the toolchain of this rustc has the target's libraries, made for this very compiler.
fn ready(rustc: &mut Command) -> bool {
    let Ok(sysroot) = output(rustc.args(["--print", "sysroot"])) else {
        return false;
    };
    let libraries = Path::new(&sysroot).join("lib/rustlib").join(TARGET);
    match fs::read_to_string(libraries.join(debian::MADE_FOR)) {
        Ok(made_for) => debian::version().is_ok_and(|version| version == made_for),
        Err(_) => libraries.join("lib").is_dir(),
    }
}
