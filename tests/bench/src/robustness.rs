//! Accuracy under attack: softmax on the optical digits, by strategy, attack and share of attackers.
//!
//! Local training is the trainer's, the arithmetic of a round is the chain's, only the chain itself is
//! left out. Attackers come first in the order of accounts, which wins them every tie. A figure is the
//! mean over some partitions: with 360 rows held out, one alone is uncertain by more than a point.

mod cell;
pub mod digits;
mod grid;
mod partition;

use anyhow::{Result, ensure};
use fedchain_bench::table;

use digits::CLIENTS;
use grid::Grid;
use partition::{Partition, Split};

/// Of twenty clients: 10, 20, 30 and 40 %.
const ATTACKERS: [usize; 4] = [2, 4, 6, 8];
/// Partitions, dealt from the seeds 0, 1 and so on.
const PARTITIONS: u64 = 5;
/// What the default strategy may lose to any attack by 30 % of the clients whose rows are alike.
const POINTS_LOST_MAX: f64 = 2.0;

/// Prints a table of accuracies per kind of partition and share of attackers, then the most that each
/// strategy lost.
pub fn run() -> Result<()> {
    let data = digits::load()?;
    let mut lost = Vec::new();
    for split in [Split::Iid, Split::Dirichlet] {
        let partitions = (0..PARTITIONS).map(|seed| Partition::deal(&data, split, seed));
        let partitions: Vec<Partition> = partitions.collect::<Result<_>>()?;
        for attackers in ATTACKERS {
            let share = attackers * 100 / CLIENTS;
            println!(
                "# {split}, {share} % attackers: accuracy in %, * over 2 points below no attack"
            );
            let grid = Grid::measure(&partitions, attackers)?;
            grid.print();
            let rows = grid
                .most_lost()
                .map(|(name, points)| (format!("robustness_{split}_{share}_{name}"), points));
            lost.extend(rows);
        }
    }
    println!("# points of accuracy lost to the worst attack");
    for (name, points) in &lost {
        match points {
            Some(points) => table::row(name, *points, "points"),
            None => table::absent(name, "points"),
        }
    }
    let is_within = lost.iter().any(|(name, points)| {
        name == "robustness_iid_30_default"
            && points.is_some_and(|points| points <= POINTS_LOST_MAX)
    });
    ensure!(
        is_within,
        "the default strategy lost more than {POINTS_LOST_MAX} points"
    );
    Ok(())
}
