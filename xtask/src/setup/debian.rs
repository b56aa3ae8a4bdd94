//! A Wasm toolchain from Debian 12's packages, for machines that reach Debian and the crate
//! registry but not Rust's own servers.
//!
//! Debian ships a recent rustc without the target's libraries but with their source. They are
//! compiled once and laid out, beside links to what Debian and rustup have, as a toolchain of its
//! own, so that the system's compilers stay as they are.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{target, wasm::TARGET};
use crate::cargo::output;

/// One rustc, cargo and standard-library source that match.
pub const PACKAGES: [&str; 4] = [
    "rustc-web",
    "cargo-web",
    "libstd-rust-web-dev",
    "rust-web-src",
];
/// The name under which rustup knows the toolchain.
pub const TOOLCHAIN: &str = "fedchain-wasm";
/// The file beside the libraries that holds the version of the compiler they were made with.
pub const MADE_FOR: &str = "made-for";

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const RUSTLIB: &str = "/usr/lib/rustlib";
const LIBRARIES: [&str; 3] = ["libcore-", "liballoc-", "libcompiler_builtins-"];

/// Builds the toolchain in `cache` and makes it known to rustup.
pub fn provide(cache: &Path) -> Result<()> {
    install(&PACKAGES)?;
    println!("setup: building the libraries of {TARGET} with Debian's rustc");
    let toolchain = cache.join("wasm-toolchain");
    remove(&toolchain)?;
    lay_out(&toolchain)?;
    compile(cache, &toolchain.join("lib/rustlib").join(TARGET))?;
    output(
        Command::new("rustup")
            .args(["toolchain", "link", TOOLCHAIN])
            .arg(&toolchain),
    )?;
    // Runtimes compiled against older libraries do not link with these.
    remove(&target(cache).join("release/wbuild"))
}

/// The version of Debian's rustc.
pub fn version() -> Result<String> {
    output(Command::new(RUSTC).arg("-vV"))
}

/// Installs those of the packages that are missing.
pub fn install(packages: &[&str]) -> Result<()> {
    let status = output(
        Command::new("dpkg-query")
            .args(["-W", "-f=${Status},"])
            .args(packages),
    );
    if status.is_ok_and(|status| status == "install ok installed,".repeat(packages.len())) {
        return Ok(());
    }
    println!("setup: installing {}", packages.join(" "));
    output(apt_get().arg("update"))?;
    output(apt_get().arg("install").args(packages))?;
    Ok(())
}

/// Unpacks a package in a folder, without installing it.
pub fn unpack(package: &str, folder: &Path) -> Result<()> {
    println!("setup: unpacking {package} in {}", folder.display());
    output(apt_get().arg("update"))?;
    output(apt_get().args(["download", package]).current_dir(folder))?;
    let archives = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut archives = archives.filter(|path| path.extension().is_some_and(|name| name == "deb"));
    let archive = archives
        .next()
        .with_context(|| format!("apt-get brought no {package}"))?;
    output(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&archive)
            .arg(folder),
    )?;
    Ok(fs::remove_file(archive)?)
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-y", "--no-install-recommends"]);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Everything of the toolchain but the target's libraries.
fn lay_out(toolchain: &Path) -> Result<()> {
    let host_line = |version: String| {
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(str::to_string).context("rustc -vV names no host")
    };
    let host = host_line(version()?)?;
    let rustup_host = host_line(output(Command::new("rustc").arg("-vV"))?)?;
    let rustup = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?);
    // A link, not a copy: the linker finds its LLVM relative to where it really is.
    let linker = rustup
        .join("lib/rustlib")
        .join(rustup_host)
        .join("bin/rust-lld");
    ensure!(
        linker.is_file(),
        "{} is missing: is Rust installed by rustup?",
        linker.display()
    );

    let (bin, rustlib) = (toolchain.join("bin"), toolchain.join("lib/rustlib"));
    let host_bin = rustlib.join(&host).join("bin");
    fs::create_dir_all(&bin)?;
    fs::create_dir_all(&host_bin)?;
    let script = format!(
        "#!/bin/sh\nexec {RUSTC} --sysroot '{}' \"$@\"\n",
        toolchain.display()
    );
    fs::write(bin.join("rustc"), script)?;
    fs::set_permissions(bin.join("rustc"), PermissionsExt::from_mode(0o755))?;
    symlink(CARGO, bin.join("cargo"))?;
    symlink(linker, host_bin.join("rust-lld"))?;
    symlink(
        Path::new(RUSTLIB).join(&host).join("lib"),
        rustlib.join(host).join("lib"),
    )?;
    symlink(Path::new(RUSTLIB).join("src"), rustlib.join("src"))?;
    Ok(())
}

/// Compiles the target's libraries into the folder `into`, as a by-product of an empty crate.
fn compile(cache: &Path, into: &Path) -> Result<()> {
    let project = cache.join("wasm-libraries");
    fs::create_dir_all(&project)?;
    let manifest = "[package]\nname = \"empty\"\nedition = \"2024\"\n\
                    [lib]\npath = \"lib.rs\"\n[workspace]\n";
    fs::write(project.join("Cargo.toml"), manifest)?;
    fs::write(project.join("lib.rs"), "#![no_std]\n")?;
    // The runtime's link-time optimisation needs the libraries' bitcode.
    output(
        Command::new(CARGO)
            .args([
                "build",
                "--release",
                "--target",
                TARGET,
                "-Zbuild-std=core,alloc",
            ])
            .arg("--target-dir=target")
            .env("RUSTC", RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-C embed-bitcode=yes")
            .current_dir(&project),
    )?;
    fs::create_dir_all(into.join("lib"))?;
    let compiled = project.join("target").join(TARGET).join("release/deps");
    for prefix in LIBRARIES {
        let library = fs::read_dir(&compiled)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| name.starts_with(prefix) && name.ends_with(".rlib"))
            .with_context(|| format!("{prefix}*.rlib was not built"))?;
        fs::copy(compiled.join(&library), into.join("lib").join(&library))?;
    }
    fs::write(into.join(MADE_FOR), version()?)?;
    remove(&project)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
