//! Flower's NumPy strategies beside ours, in a Python environment of its own in the user's cache.

use anyhow::{Context, Result, ensure};
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// What pip installs (Apache-2.0; NumPy: BSD-3-Clause).
const PACKAGES: [&str; 2] = ["flwr==1.41.*", "numpy==2.4.*"];

const SCRIPT: &str = include_str!("../../flower/strategies.py");

/// The environment's Python.
pub struct Flower(PathBuf);

impl Flower {
    /// Finds or makes the environment.
    ///
    /// # Errors
    /// When Python, pip or the packages cannot be had.
    pub fn provide() -> Result<Self> {
        let folder = cache_dir()?.join("flower");
        let python = folder.join("bin/python");
        if !has_packages(&python) {
            println!("# installing Flower into {}", folder.display());
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let pip = ["-m", "pip", "install", "--quiet"];
            succeed(Command::new(&python).args(pip).args(PACKAGES))?;
        }
        Ok(Self(python))
    }

    /// Starts Flower on these updates, each with its count; a value is a multiple of 2^-16.
    pub fn start(&self, updates: &[Vec<i32>]) -> Result<Worker> {
        let folder = tempfile::tempdir()?;
        let values = updates.iter().flatten();
        let values = values.flat_map(|value| (*value as f32 / SCALE as f32).to_le_bytes());
        fs::write(folder.path().join("updates"), values.collect::<Vec<_>>())?;
        let counts = (1i32..).take(updates.len()).flat_map(i32::to_le_bytes);
        fs::write(folder.path().join("counts"), counts.collect::<Vec<_>>())?;
        let mut python = Command::new(&self.0)
            .args(["-c", SCRIPT])
            .arg(folder.path())
            .arg(updates.len().to_string())
            .envs(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"].map(|name| (name, "1")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Worker {
            input: python.stdin.take().context("the input is piped")?,
            output: BufReader::new(python.stdout.take().context("the output is piped")?),
            _python: python,
            folder,
        })
    }
}

/// 2^16: what stands for 1.
const SCALE: f64 = 65_536.0;

/// A running Python. It ends when its input does.
pub struct Worker {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _python: Child,
    folder: TempDir,
}

impl Worker {
    /// Runs a rule once.
    pub fn run(&mut self, rule: &str, bad: u32) -> Result<Duration> {
        writeln!(self.input, "{rule} {bad}")?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        let ms: f64 = answer.trim().parse().context("Flower failed, see above")?;
        Ok(Duration::from_secs_f64(ms / 1e3))
    }

    /// The last model, in units of 2^-16.
    pub fn model(&self) -> Result<Vec<f64>> {
        let bytes = fs::read(self.folder.path().join("model"))?;
        let (values, _) = bytes.as_chunks::<8>();
        Ok(values
            .iter()
            .map(|value| f64::from_le_bytes(*value) * SCALE)
            .collect())
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

fn has_packages(python: &Path) -> bool {
    let script = "from importlib.metadata import version as v; print(v('flwr'), v('numpy'))";
    Command::new(python)
        .args(["-c", script])
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"1.41.") && output.status.success())
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
