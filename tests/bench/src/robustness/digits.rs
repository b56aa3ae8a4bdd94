//! The optical digits as a federation's task, dealt to clients evenly or by skewed labels.

use std::{fmt, fs::File, path::Path};

use anyhow::{Context, Result};
use fedchain_fl::FederationSpec;
use fedchain_trainer::data::{Dataset, Targets};
use flate2::read::GzDecoder;
use ndarray::{Array1, Array2, Axis};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use rand_distr::{Dirichlet, Distribution};

/// Clients of the federation.
pub const CLIENTS: usize = 20;
/// Digits.
pub const CLASSES: usize = 10;
const PIXELS: usize = 64;
const PIXEL_MAX: usize = 16;
/// Rows held out of 1,797.
const HELD_OUT: usize = 360;
const SEED: u64 = 7;

/// How rows are dealt.
#[derive(Clone, Copy)]
pub enum Split {
    /// At random, in equal parts.
    Iid,
    /// Each digit's rows in parts drawn from a Dirichlet distribution with concentration 0.1: most of
    /// a digit is at a few clients.
    Dirichlet,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iid => "iid",
            Self::Dirichlet => "dirichlet",
        })
    }
}

/// The data set, shuffled.
pub struct Digits {
    training: Dataset,
    /// Rows that nobody trains on.
    pub held_out: Dataset,
}

impl Digits {
    /// Reads the copy in this repository.
    pub fn load() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/digits.csv.gz");
        let file = File::open(&path).with_context(|| path.display().to_string())?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(GzDecoder::new(file));
        let mut rows: Vec<Vec<usize>> = reader.deserialize().collect::<Result<_, _>>()?;
        rows.shuffle(&mut StdRng::seed_from_u64(SEED));
        let (held_out, training) = rows.split_at(HELD_OUT);
        Ok(Self {
            training: dataset(training)?,
            held_out: dataset(held_out)?,
        })
    }

    /// A federation that learns the digits in ten rounds.
    pub fn spec(&self) -> Result<FederationSpec<u128>> {
        let feature =
            |pixel| format!(r#"{{"name":"p{pixel}","offset":"0","scale":"{PIXEL_MAX}"}}"#);
        let features: Vec<String> = (0..PIXELS).map(feature).collect();
        let labels: Vec<String> = (0..CLASSES).map(|class| format!("\"{class}\"")).collect();
        let text = format!(
            r#"{{"name":"digits","membership":"invited","clients_min":{CLIENTS},"clients_max":{CLIENTS},
            "rounds_max":10,"windows":{{"commit_blocks":1,"settle_blocks":1,"reveal_blocks":2}},
            "sample_count_max":1000,"bond":"0","join_deposit":"0","reward":"0",
            "task":{{"model":"softmax","initial":"zeros","strategy":"fed_avg","schema":
            {{"features":[{}],"target":{{"classes":{{"name":"digit","labels":[{}]}}}}}}}}}}"#,
            features.join(","),
            labels.join(",")
        );
        Ok(serde_json::from_str(&text)?)
    }

    /// The training rows, dealt to the clients.
    pub fn clients(&self, split: Split) -> Result<Vec<Dataset>> {
        let mut parts = [const { Vec::new() }; CLIENTS];
        match split {
            Split::Iid => (0..self.training.rows()).for_each(|row| parts[row % CLIENTS].push(row)),
            Split::Dirichlet => self.deal_by_class(&mut parts)?,
        }
        Ok(parts.iter().map(|part| self.select(part)).collect())
    }

    fn deal_by_class(&self, parts: &mut [Vec<usize>; CLIENTS]) -> Result<()> {
        let distribution = Dirichlet::new([0.1; CLIENTS])?;
        let mut random = StdRng::seed_from_u64(SEED);
        for class in 0..CLASSES {
            let rows: Vec<usize> = (0..self.training.rows())
                .filter(|row| self.class(*row) == class)
                .collect();
            let shares: [f64; CLIENTS] = distribution.sample(&mut random);
            let (mut reached, mut start) = (0.0, 0);
            for (part, share) in parts.iter_mut().zip(shares) {
                reached += share;
                let end = (reached * rows.len() as f64).round() as usize;
                part.extend_from_slice(&rows[start..end]);
                start = end;
            }
        }
        // Who got nothing takes a row of the richest: every client can train.
        for place in 0..parts.len() {
            if parts[place].is_empty() {
                let richest = parts.iter_mut().max_by_key(|part| part.len());
                let row = richest.and_then(Vec::pop);
                parts[place].extend(row);
            }
        }
        Ok(())
    }

    fn class(&self, row: usize) -> usize {
        match &self.training.targets {
            Some(Targets::Classes(classes)) => classes[row],
            _ => 0,
        }
    }

    fn select(&self, rows: &[usize]) -> Dataset {
        let classes = rows.iter().map(|row| self.class(*row)).collect();
        Dataset {
            features: self.training.features.select(Axis(0), rows),
            targets: Some(Targets::Classes(classes)),
        }
    }
}

/// Rows of pixels and a digit, scaled as the schema says.
fn dataset(rows: &[Vec<usize>]) -> Result<Dataset> {
    let pixels = rows.iter().flat_map(|row| row.iter().take(PIXELS));
    let pixels = pixels
        .map(|pixel| *pixel as f64 / PIXEL_MAX as f64)
        .collect();
    let classes: Option<Array1<usize>> = rows.iter().map(|row| row.get(PIXELS).copied()).collect();
    Ok(Dataset {
        features: Array2::from_shape_vec((rows.len(), PIXELS), pixels)?,
        targets: Some(Targets::Classes(
            classes.context("a row without its digit")?,
        )),
    })
}
