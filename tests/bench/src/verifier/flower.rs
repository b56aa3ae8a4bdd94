//! Flower's NumPy strategies beside ours.

use anyhow::{Context, Result};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::Duration,
};
use tempfile::TempDir;

use crate::python::Python;

const SCRIPT: &str = include_str!("../../peers/strategies.py");

/// Flower in its environment.
pub struct Flower(Python);

impl Flower {
    /// Finds or makes the environment.
    ///
    /// # Errors
    /// When Python, pip or the packages cannot be had.
    pub fn provide() -> Result<Self> {
        Python::provide().map(Self)
    }

    /// Starts Flower on these updates, each with its count; a value is a multiple of 2^-16.
    pub fn start(&self, updates: &[Vec<i32>]) -> Result<Worker> {
        let folder = tempfile::tempdir()?;
        let values = updates.iter().flatten();
        let values = values.flat_map(|value| (*value as f32 / SCALE as f32).to_le_bytes());
        fs::write(folder.path().join("updates"), values.collect::<Vec<_>>())?;
        let counts = (1i32..).take(updates.len()).flat_map(i32::to_le_bytes);
        fs::write(folder.path().join("counts"), counts.collect::<Vec<_>>())?;
        let mut python = self
            .0
            .command()
            .args(["-c", SCRIPT])
            .arg(folder.path())
            .arg(updates.len().to_string())
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
