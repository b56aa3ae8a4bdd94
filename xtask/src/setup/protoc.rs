//! The protocol buffers compiler, which the networking crates call.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::cargo::{PROTOC, cargo, output};

/// Finds protoc and returns what PROTOC must say, if anything: nothing when it is on the PATH,
/// else the path of a copy from the crate registry, which needs no administrator.
pub fn provide(cache: &Path) -> Result<Option<PathBuf>> {
    if let Some(named) = env::var_os(PROTOC).map(PathBuf::from) {
        if works(&named) {
            return Ok(Some(named));
        }
        println!(
            "setup: PROTOC names {}, which does not work; looking elsewhere",
            named.display()
        );
    }
    if works(Path::new("protoc")) {
        return Ok(None);
    }
    let copy = cache.join("protoc");
    if !works(&copy) {
        println!("setup: taking protoc from the crate protoc-bin-vendored");
        vendored(cache, &copy).context(
            "install protoc (Debian and Ubuntu: apt-get install protobuf-compiler), or set PROTOC",
        )?;
    }
    Ok(Some(copy))
}

fn works(protoc: &Path) -> bool {
    output(Command::new(protoc).arg("--version")).is_ok()
}

/// Copies the crate's protoc to `copy`, by way of a throw-away project that asks for its path.
fn vendored(cache: &Path, copy: &Path) -> Result<()> {
    let project = cache.join("protoc-project");
    fs::create_dir_all(&project)?;
    fs::write(
        project.join("Cargo.toml"),
        r#"
            [package]
            name = "protoc-path"
            edition = "2024"
            [dependencies]
            protoc-bin-vendored = "3.3"
            [[bin]]
            name = "protoc-path"
            path = "main.rs"
            [workspace]
        "#,
    )?;
    fs::write(
        project.join("main.rs"),
        r#"fn main() { println!("{}", protoc_bin_vendored::protoc_bin_path().unwrap().display()); }"#,
    )?;
    let path = output(
        cargo()?
            .args(["run", "--quiet", "--target-dir=target"])
            .current_dir(&project),
    )?;
    fs::copy(path, copy)?;
    fs::remove_dir_all(&project)?;
    output(Command::new(copy).arg("--version"))?;
    Ok(())
}
