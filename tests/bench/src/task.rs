//! The task of a benchmark: weights without meaning, as many as asked for.

use anyhow::{Result, anyhow};
use fedchain_fl::{
    Column, Decimal, Format, Initial, ModelSpec, Optimiser, Schema, Strategy, Target, TaskSpec,
    Width,
};

/// 32 bits, 16 of them fractional.
pub const WIDE: Format = Format {
    frac_bits: 16,
    width: Width::I32,
};

/// 16 bits, 14 of them fractional.
pub const NARROW: Format = Format {
    frac_bits: 14,
    width: Width::I16,
};

/// `params` weights, aggregated by `strategy` and adopted as they are.
///
/// # Errors
/// None in fact: the column's name is valid.
pub fn task(params: u32, format: Format, strategy: Strategy) -> Result<TaskSpec> {
    let column = Column::number(
        "y".parse().map_err(|_| anyhow!("a name of one letter"))?,
        Decimal::whole(0),
        Decimal::whole(1),
    );
    Ok(TaskSpec {
        model: ModelSpec::Opaque {
            param_count: params,
        },
        initial: Initial::Zeros,
        format,
        strategy,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: Default::default(),
            target: Target::Real(column),
        },
    })
}
