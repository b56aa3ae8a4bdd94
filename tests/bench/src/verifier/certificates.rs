//! Time to check a certificate of optimality, natively and in the node's Wasm engine.

use anyhow::{Context, Result};
use fedchain_bench::table::{ms, row};
use fedchain_bench_wasm::{Check, Work};
use fedchain_fl::{Format, Shape};
use fedchain_verifier::optimality::{Moments, Problem, solve};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::engine::Engine;

const FEATURES: [u32; 3] = [10, 100, 200];
/// Rows per feature.
const ROWS: u32 = 10;
/// 0.001.
const PENALTY: u32 = (1 << 24) / 1_000;

/// Measures all sizes.
pub fn run() -> Result<()> {
    let engine = Engine::new()?;
    for features in FEATURES {
        let work = Work::Check(check(features)?);
        let (native, wasm) = engine.medians(&work)?;
        let name = format!("certificate_{features}");
        row(&format!("{name}_native"), ms(native), "ms");
        row(&format!("{name}_wasm"), ms(wasm), "ms");
        if let Work::Check(check) = &work {
            let bytes = check.solution.len() as f64;
            row(&format!("{name}_solution"), bytes, "bytes");
        }
    }
    Ok(())
}

/// Scattered rows, their moments and a solution.
fn check(features: u32) -> Result<Check> {
    let mut random = StdRng::seed_from_u64(features.into());
    let mut moments = Moments::zero(Shape::new(features)?);
    for _ in 0..ROWS * features {
        let values: Vec<i16> = (0..features)
            .map(|_| random.random_range(-8_192..=8_192))
            .collect();
        moments.add_row(&values, random.random_range(-8_192..=8_192))?;
    }
    let (rows, bytes) = (moments.rows(), moments.encode());
    let problem = Problem::new(moments, PENALTY, u64::MAX, Format::default())?;
    let solution = solve(&problem).context("no solution")?;
    Ok(Check {
        features,
        rows,
        moments: bytes,
        penalty: PENALTY,
        solution: solution.encode(),
    })
}
