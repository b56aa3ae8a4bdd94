//! The rules against oracles written another way.

mod bounds;
mod coordinate;
mod pairs;

use alloc::vec::Vec;

use super::Strategy;
use crate::{
    Column, Decimal, Error, Format, Initial, ModelSpec, Optimiser, Schema, Target, TaskSpec,
    aggregate,
};

/// A task of so many weights.
fn task(strategy: Strategy, param_count: usize) -> TaskSpec {
    let column = Column::number("y".parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
    TaskSpec {
        model: ModelSpec::Opaque {
            param_count: param_count as u32,
        },
        initial: Initial::Zeros,
        format: Format::default(),
        strategy,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: Default::default(),
            target: Target::Real(column),
        },
    }
}

fn try_run(strategy: Strategy, updates: &[(Vec<i32>, u32)]) -> Result<Vec<i32>, Error> {
    let params = updates[0].0.len();
    let updates: Vec<_> = updates
        .iter()
        .map(|(values, count)| (values.as_slice(), *count))
        .collect();
    let base = vec![0; params];
    aggregate(&task(strategy, params), &base, &updates, &mut Vec::new())
}

fn run(strategy: Strategy, updates: &[(Vec<i32>, u32)]) -> Vec<i32> {
    try_run(strategy, updates).unwrap()
}

/// The integer nearest to `n / d`, ties to even, by trying the neighbours of the quotient.
fn nearest(n: i128, d: i128) -> i32 {
    let q = n / d;
    let best = (q - 1..=q + 1)
        .min_by_key(|c| ((n - c * d).abs(), c.rem_euclid(2)))
        .unwrap();
    i32::try_from(best).unwrap()
}
