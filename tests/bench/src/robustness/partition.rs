//! Rows dealt to clients: evenly, or by skewed labels.

use std::{array, fmt};

use anyhow::Result;
use fedchain_learn::data::{Dataset, Targets};
use ndarray::Axis;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use rand_distr::{Dirichlet, Distribution};

use super::digits::{CLASSES, CLIENTS};

/// Rows held out of 1,797.
const HELD_OUT: usize = 360;

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

/// A data set in parts.
pub struct Partition {
    /// Each client's rows.
    pub clients: Vec<Dataset>,
    /// Rows that nobody trains on.
    pub held_out: Dataset,
}

impl Partition {
    /// Shuffles the rows of `data` and deals them; the same seed deals alike.
    pub fn deal(data: &Dataset, split: Split, seed: u64) -> Result<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut rows: Vec<usize> = (0..data.rows()).collect();
        rows.shuffle(&mut random);
        let (held_out, rows) = rows.split_at(HELD_OUT);
        let parts = match split {
            Split::Iid => array::from_fn(|client| {
                rows.iter().skip(client).step_by(CLIENTS).copied().collect()
            }),
            Split::Dirichlet => by_class(data, rows, &mut random)?,
        };
        Ok(Self {
            clients: parts.iter().map(|part| select(data, part)).collect(),
            held_out: select(data, held_out),
        })
    }
}

fn by_class(data: &Dataset, rows: &[usize], random: &mut StdRng) -> Result<[Vec<usize>; CLIENTS]> {
    let mut parts = [const { Vec::new() }; CLIENTS];
    let distribution = Dirichlet::new([0.1; CLIENTS])?;
    for class in 0..CLASSES {
        let of_class = rows.iter().filter(|row| class_of(data, **row) == class);
        let of_class: Vec<usize> = of_class.copied().collect();
        let shares: [f64; CLIENTS] = distribution.sample(random);
        let (mut reached, mut start) = (0.0, 0);
        for (part, share) in parts.iter_mut().zip(shares) {
            reached += share;
            let end = (reached * of_class.len() as f64).round() as usize;
            part.extend_from_slice(&of_class[start..end]);
            start = end;
        }
    }
    // Who got nothing takes a row of the richest: every client can train.
    while let Some(empty) = parts.iter().position(Vec::is_empty) {
        let richest = parts.iter_mut().max_by_key(|part| part.len());
        let row = richest.and_then(Vec::pop);
        parts[empty].extend(row);
    }
    Ok(parts)
}

fn class_of(data: &Dataset, row: usize) -> usize {
    match &data.targets {
        Some(Targets::Classes(classes)) => classes[row],
        _ => 0,
    }
}

fn select(data: &Dataset, rows: &[usize]) -> Dataset {
    let classes = rows.iter().map(|row| class_of(data, *row)).collect();
    Dataset {
        features: data.features.select(Axis(0), rows),
        targets: Some(Targets::Classes(classes)),
    }
}
