//! All strategies against all attacks, for one number of attackers.

use anyhow::Result;
use fedchain_learn::simulate::attack;
use rayon::prelude::*;

use super::{
    cell::{Cell, DEFENCES},
    partition::Partition,
};

/// Per strategy the accuracy in per cent without attack, then under each; none when the strategy
/// cannot bound so many attackers.
pub struct Grid(Vec<Vec<Option<f64>>>);

impl Grid {
    /// Runs every cell, on all cores.
    pub fn measure(partitions: &[Partition], attackers: usize) -> Result<Self> {
        let attempts: Vec<_> = std::iter::once(None).chain(attack::ALL.map(Some)).collect();
        let columns = DEFENCES.par_iter().map(|(_, rules)| {
            let cells = attempts.par_iter().map(|attack| Cell {
                attackers,
                rules: rules(attackers as u32),
                attack: *attack,
            });
            cells.map(|cell| cell.mean_accuracy(partitions)).collect()
        });
        columns.collect::<Result<_>>().map(Self)
    }

    /// One line per attack, one column per strategy; a star marks what lies more than two points
    /// below the run without attack.
    pub fn print(&self) {
        print!("# {:<21}", "");
        for (name, _) in DEFENCES {
            print!(" {name:>7} ");
        }
        println!();
        let names = std::iter::once("no attack").chain(attack::ALL.map(|attack| attack.name()));
        for (place, name) in names.enumerate() {
            print!("# {name:<21}");
            for ((name, _), column) in DEFENCES.iter().zip(&self.0) {
                let width = name.len().max(7);
                match (column[place], column[0]) {
                    (Some(found), Some(clean)) => {
                        let mark = if clean - found > 2.0 { '*' } else { ' ' };
                        print!(" {found:>width$.1}{mark}");
                    }
                    _ => print!(" {:>width$} ", "n/a"),
                }
            }
            println!();
        }
    }

    /// Per strategy its name, and how many points the worst attack took from it.
    pub fn most_lost(&self) -> impl Iterator<Item = (&'static str, Option<f64>)> {
        DEFENCES.iter().zip(&self.0).map(|((name, _), column)| {
            let worst = column.iter().flatten().copied().min_by(f64::total_cmp);
            (
                *name,
                column[0].zip(worst).map(|(clean, worst)| clean - worst),
            )
        })
    }
}
