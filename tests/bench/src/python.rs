//! Peers from PyPI, in a Python environment of their own in the user's cache.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What pip installs: Flower and Ray (Apache-2.0), NumPy, scikit-learn and threadpoolctl (BSD-3-Clause).
const PACKAGES: [&str; 4] = [
    "flwr[simulation]==1.41.*",
    "numpy==2.4.*",
    "scikit-learn==1.9.*",
    "threadpoolctl==3.*",
];

/// The environment.
pub struct Python(PathBuf);

impl Python {
    /// Finds or makes the environment.
    ///
    /// # Errors
    /// When Python, pip or the packages cannot be had.
    pub fn provide() -> Result<Self> {
        let folder = cache_dir()?.join("peers");
        let python = Self(folder.clone());
        if !python.has_packages() {
            println!("# installing the peers into {}", folder.display());
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let pip = ["-m", "pip", "install", "--quiet"];
            succeed(python.command().args(pip).args(PACKAGES))?;
        }
        Ok(python)
    }

    /// Its interpreter, with one thread of linear algebra. The settings by which some machines pin
    /// OpenBLAS to a slow kernel are left out.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program("python"));
        command
            .envs(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"].map(|name| (name, "1")))
            .env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE");
        command
    }

    /// A program of the environment.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    /// Runs a script of tests/bench/peers, which prints one JSON value per line.
    ///
    /// # Errors
    /// What it said, when it fails.
    pub fn run(&self, script: &str, args: &[String]) -> Result<Vec<Value>> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let mut command = self.command();
        let said = succeed(command.arg(peers.join(script)).args(args))?;
        said.lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }

    fn has_packages(&self) -> bool {
        let script = "from importlib.metadata import version as v\n\
                      print(*map(v, ['flwr', 'numpy', 'scikit-learn', 'ray', 'threadpoolctl']))";
        self.command()
            .args(["-c", script])
            .output()
            .is_ok_and(|output| output.stdout.starts_with(b"1.41.") && output.status.success())
    }
}

/// The user's cache folder for this project.
fn cache_dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => env::home_dir()
            .context("set HOME or XDG_CACHE_HOME")?
            .join(".cache"),
    };
    Ok(base.join("fedchain"))
}

/// Runs a command that must succeed, and returns what it printed.
pub fn succeed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}
