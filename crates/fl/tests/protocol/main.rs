//! The crate as runtime, trainer and auditor use it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aggregation;
mod part;
mod spec;

use fedchain_fl::{
    Column, Decimal, Format, Initial, ModelSpec, Optimiser, Schema, Strategy, Target, TaskSpec,
    Width,
};

/// Three chunks of 16-bit weights, the last one not full.
const PARAMS: usize = 2 * 8_192 + 100;

/// A task of [`PARAMS`] weights.
fn task() -> TaskSpec {
    TaskSpec {
        model: ModelSpec::Opaque {
            param_count: PARAMS as u32,
        },
        initial: Initial::Zeros,
        format: Format {
            frac_bits: 8,
            width: Width::I16,
        },
        strategy: Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: Default::default(),
            target: Target::Real(Column::number(
                "y".parse().unwrap(),
                Decimal::whole(0),
                Decimal::whole(1),
            )),
        },
    }
}
