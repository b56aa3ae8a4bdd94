//! Accuracy under attack: softmax on the optical digits, by strategy, attack and share of attackers.
//!
//! Local training is the trainer's, the arithmetic of a round is the chain's, only the chain itself is
//! left out. Attackers come first in the order of accounts, which wins them every tie.

mod cell;
mod digits;
mod grid;

use anyhow::{Result, ensure};
use fedchain_bench::table;

use digits::{CLIENTS, Digits, Split};
use grid::Grid;

/// Of twenty clients: 10, 20, 30 and 40 %.
const ATTACKERS: [usize; 4] = [2, 4, 6, 8];
/// What the default strategy may lose to any attack by 30 % of the clients whose rows are alike.
const POINTS_LOST_MAX: f64 = 2.0;

/// Prints a table of accuracies per partition and share of attackers, then the most that each strategy
/// lost.
pub fn run() -> Result<()> {
    let digits = Digits::load()?;
    let mut lost = Vec::new();
    for split in [Split::Iid, Split::Dirichlet] {
        for attackers in ATTACKERS {
            let share = attackers * 100 / CLIENTS;
            println!("# {split}, {share} % attackers: accuracy in %");
            let grid = Grid::measure(&digits, split, attackers)?;
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
    let default = lost
        .iter()
        .find(|(name, _)| name == "robustness_iid_30_default");
    let is_within = default.is_some_and(|(_, lost)| lost.is_some_and(|p| p <= POINTS_LOST_MAX));
    ensure!(
        is_within,
        "the default strategy lost more than {POINTS_LOST_MAX} points"
    );
    Ok(())
}
