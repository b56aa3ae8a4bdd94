//! Finds solutions, in floating point: what is wrong with them the check will tell.
//!
//! Cholesky's factor is all it needs, of H for the weights and of `H - mu I` for the witness.

use std::{vec, vec::Vec};

use super::{Problem, Solution, WEIGHT_BITS, WITNESS_BITS, triangle};

/// Corrections of the weights by their exact residual.
const CORRECTIONS: u32 = 4;
/// The unit of H and b.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;

/// A lower triangular matrix, row by row.
type Triangle = Vec<Vec<f64>>;

/// The optimum with a witness of its curvature, as exact as the weights' format allows. None when H
/// is not positive definite, which that of honest moments always is.
pub fn solve(problem: &Problem) -> Option<Solution> {
    let (mu, witness) = curvature(problem)?;
    let lower = factor(&matrix(problem, 0.0))?;
    let mut weights = vec![0.0; lower.len()];
    for _ in 0..=CORRECTIONS {
        let residual = problem.residual(&fixed(&weights, WEIGHT_BITS));
        let unit = UNIT / scale(WEIGHT_BITS);
        let residual: Vec<f64> = residual.iter().map(|value| *value as f64 * unit).collect();
        for (weight, error) in weights.iter_mut().zip(divide(&lower, residual)) {
            let held = (*weight * scale(WEIGHT_BITS)).round() / scale(WEIGHT_BITS);
            *weight = held - error;
        }
    }
    Some(Solution {
        mu: mu as u64,
        weights: fixed(&weights, WEIGHT_BITS),
        witness: witness
            .iter()
            .flat_map(|row| fixed(row, WITNESS_BITS))
            .collect(),
    })
}

/// A lower bound on the eigenvalues of H, at least half of the best one, in units; and the factor that
/// proves it. The penalty alone gives the first.
fn curvature(problem: &Problem) -> Option<(f64, Triangle)> {
    let (_, ridge) = problem.matrix();
    let mut mu = (ridge as f64 * 0.9).floor().max(1.0);
    let mut best = factor(&matrix(problem, mu))?;
    while let Some(better) = factor(&matrix(problem, 2.0 * mu)) {
        mu *= 2.0;
        best = better;
    }
    Some((mu, best))
}

/// The lower triangle of `H - mu I`; `mu` is in units.
fn matrix(problem: &Problem, mu: f64) -> Triangle {
    let (squares, ridge) = problem.matrix();
    let mut rows: Triangle = triangle::rows(squares)
        .map(|row| row.iter().map(|entry| *entry as f64 * UNIT).collect())
        .collect();
    for diagonal in rows.iter_mut().filter_map(|row| row.last_mut()) {
        *diagonal += (ridge as f64 - mu) * UNIT;
    }
    rows
}

/// The lower triangular factor of a symmetric matrix; none when that is not positive definite.
fn factor(matrix: &Triangle) -> Option<Triangle> {
    let mut lower = Triangle::new();
    for row in matrix {
        let (diagonal, left) = row.split_last()?;
        let mut own = Vec::with_capacity(row.len());
        for (entry, other) in left.iter().zip(&lower) {
            own.push((entry - dot(&own, other)) / other.last()?);
        }
        let square = diagonal - dot(&own, &own);
        if square <= 0.0 {
            return None;
        }
        own.push(square.sqrt());
        lower.push(own);
    }
    Some(lower)
}

/// Solves `L L' x = b`.
fn divide(lower: &Triangle, mut values: Vec<f64>) -> Vec<f64> {
    for place in 0..values.len() {
        let row = &lower[place];
        values[place] = (values[place] - dot(row, &values[..place])) / row[place];
    }
    for place in (0..values.len()).rev() {
        let column = (place + 1..values.len()).map(|row| lower[row][place]);
        let sum: f64 = column.zip(&values[place + 1..]).map(|(a, b)| a * b).sum();
        values[place] = (values[place] - sum) / lower[place][place];
    }
    values
}

/// Sum of the products, as far as the shorter one goes.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn scale(bits: u32) -> f64 {
    2f64.powi(bits as i32)
}

fn fixed(values: &[f64], bits: u32) -> Vec<i64> {
    let units = values.iter().map(|value| value * scale(bits));
    units.map(|value| value.round() as i64).collect()
}
