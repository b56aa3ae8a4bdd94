//! The trainer beside what its users know: scikit-learn's epochs, Flower's simulation and command line.

mod accuracy;
mod epochs;
mod simulation;
mod startup;

use std::{fs, path::Path};

use anyhow::Result;
use fedchain_learn::data::Dataset;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{python::Python, robustness::digits};

/// Rows of the digits that nobody trains on; also in peers/softmax.py.
const HELD_OUT: usize = 360;

/// Measures all of it; what needs peers is left out, and said so, where they cannot be had.
pub fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let digits = Digits::split(folder.path())?;
    accuracy::run(&digits)?;
    let peers = Python::provide()
        .inspect_err(|error| println!("# without peers: {error:#}"))
        .ok();
    startup::run(peers.as_ref())?;
    epochs::run(peers.as_ref(), &digits)?;
    simulation::run(peers.as_ref(), &digits)
}

/// The optical digits, split alike here and in the peers' scripts.
struct Digits {
    training: Dataset,
    held_out: Dataset,
    /// What the scripts get: the file of the digits, and the order of its rows.
    args: Vec<String>,
}

impl Digits {
    /// Shuffles the rows; `folder` gets a file with their order, those held out first.
    fn split(folder: &Path) -> Result<Self> {
        let data = digits::load()?;
        let mut order: Vec<usize> = (0..data.rows()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(1));
        let file = folder.join("order");
        let lines: Vec<String> = order.iter().map(usize::to_string).collect();
        fs::write(&file, lines.join("\n"))?;
        let (held_out, training) = order.split_at(HELD_OUT);
        let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/digits.csv.gz");
        Ok(Self {
            training: data.select(training),
            held_out: data.select(held_out),
            args: vec![
                digits.display().to_string(),
                "--order".into(),
                file.display().to_string(),
            ],
        })
    }
}
