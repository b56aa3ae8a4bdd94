//! What a build needs beyond Rust and a C compiler: found, or installed without touching the
//! system where that is possible, and recorded in `.cargo/setup.toml` for plain `cargo build`.

mod bencher;
mod debian;
mod faketime;
mod nextest;
mod openssl;
mod prometheus;
mod protoc;
mod tools;
mod wasm;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::cargo::{PROTOC, WASM_BUILD_TOOLCHAIN, root};

/// Provides what compiling the workspace needs. Quick and silent when all is there.
pub fn build_tools() -> Result<()> {
    tools::check()?;
    let cache = cache_dir()?;
    let protoc = protoc::provide(&cache)?;
    let toolchain = wasm::provide(&cache)?;
    let openssl = openssl::settings();
    let settings = settings(&cache, protoc.as_deref(), toolchain.as_deref(), &openssl);
    let file = root()?.join(".cargo/setup.toml");
    if fs::read_to_string(&file).is_ok_and(|written| written == settings) {
        return Ok(());
    }
    println!(
        "setup: writing .cargo/setup.toml; build output goes to {}",
        target(&cache).display()
    );
    fs::write(&file, settings).with_context(|| format!("cannot write {}", file.display()))
}

/// Provides the build tools, the test runner and what tests start programs with.
pub fn everything() -> Result<()> {
    build_tools()?;
    nextest::provide()?;
    faketime::provide()
}

/// Provides Prometheus for the heavy tests, and returns the folder that the PATH lacks, if any.
pub fn prometheus() -> Result<Option<PathBuf>> {
    prometheus::provide(&cache_dir()?)
}

/// Provides frame-omni-bencher, which measures weights, and returns its path.
pub fn bencher() -> Result<PathBuf> {
    bencher::provide(&cache_dir()?)
}

/// The user's cache folder for this project: outside the checkout, so that a second clone finds
/// the dependencies already compiled.
fn cache_dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => env::home_dir()
            .context("set HOME or XDG_CACHE_HOME")?
            .join(".cache"),
    };
    Ok(base.join("fedchain"))
}

fn target(cache: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| cache.join("target"), PathBuf::from)
}

/// The text of `.cargo/setup.toml`. Rust's `{:?}` of a path is a TOML basic string.
fn settings(
    cache: &Path,
    protoc: Option<&Path>,
    toolchain: Option<&str>,
    openssl: &[(&str, String)],
) -> String {
    let mut text = format!(
        "# Written by `cargo xtask setup` for this machine.\n\
         [build]\ntarget-dir = {:?}\n\n[env]\n",
        cache.join("target")
    );
    if let Some(path) = protoc {
        text += &format!("{PROTOC} = {path:?}\n");
    }
    if let Some(name) = toolchain {
        text += &format!("{WASM_BUILD_TOOLCHAIN} = {name:?}\n");
    }
    text.extend(
        openssl
            .iter()
            .map(|(name, value)| format!("{name} = {value:?}\n")),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_only_what_had_to_be_provided() {
        let cache = Path::new("/c/fedchain");
        let bare = "# Written by `cargo xtask setup` for this machine.\n\
                    [build]\ntarget-dir = \"/c/fedchain/target\"\n\n[env]\n";
        assert_eq!(settings(cache, None, None, &[]), bare);
        assert_eq!(
            settings(
                cache,
                Some(Path::new("/c/protoc")),
                Some("wasm"),
                &[("A", "/a".into())]
            ),
            format!("{bare}PROTOC = \"/c/protoc\"\nWASM_BUILD_TOOLCHAIN = \"wasm\"\nA = \"/a\"\n")
        );
    }
}
