//! Child processes: cargo and other commands, run in the repository's root.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result, bail};

/// The repository's root folder.
pub fn root() -> Result<PathBuf> {
    let xtask = env::var_os("CARGO_MANIFEST_DIR").context("run this program as `cargo xtask`")?;
    Ok(PathBuf::from(xtask).join(".."))
}

/// The variables that `.cargo/setup.toml` sets.
pub const PROTOC: &str = "PROTOC";
/// Names the rustup toolchain that compiles the runtime to Wasm.
pub const WASM_BUILD_TOOLCHAIN: &str = "WASM_BUILD_TOOLCHAIN";

/// Cargo in the root folder. What `setup` wrote decides on protoc and on the Wasm toolchain, not
/// what was true when `cargo xtask` started. Nor does what cargo told this program of its own
/// package: some build scripts watch these variables, and dependencies would be compiled again
/// whenever one calls cargo by itself and through `cargo xtask` in turn.
pub fn cargo() -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo
        .current_dir(root()?)
        .env_remove(PROTOC)
        .env_remove(WASM_BUILD_TOOLCHAIN);
    for (name, _) in env::vars_os() {
        let is_of_xtask = ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix));
        if is_of_xtask {
            cargo.env_remove(name);
        }
    }
    Ok(cargo)
}

/// Runs `command` with its output on the terminal.
///
/// # Errors
/// When it cannot start or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs `command` and returns what it printed.
///
/// # Errors
/// When it cannot start or fails; the message carries its error output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({}): {}",
            line(command),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_string())
}

/// Builds the workspace without some of its packages, then runs one of its programs.
///
/// Building a single package would unify features differently and compile the dependencies again: left out is
/// what no other feature depends on.
pub fn build_and_run(program: &str, without: &[&str], args: &[OsString]) -> Result<()> {
    let without = without.iter().flat_map(|package| ["--exclude", package]);
    run(cargo()?
        .args(["build", "--release", "--workspace"])
        .args(without))?;
    run(Command::new(target_dir()?.join("release").join(program)).args(args))
}

/// The target directory that cargo uses in this workspace.
pub fn target_dir() -> Result<PathBuf> {
    let metadata = output(cargo()?.args(["metadata", "--format-version=1", "--no-deps"]))?;
    let (_, after) = metadata
        .split_once(r#""target_directory":""#)
        .context("cargo metadata: no target dir")?;
    let (path, _) = after
        .split_once('"')
        .context("cargo metadata: unterminated string")?;
    Ok(PathBuf::from(path))
}

fn line(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
