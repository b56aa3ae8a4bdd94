//! How rows are dealt to clients, as it is typed.

use clap::ValueEnum;
use serde::Serialize;

/// How rows are dealt to clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scheme {
    /// At random, in equal parts.
    #[default]
    Iid,
    /// Skewed labels: each class in shares drawn from a Dirichlet distribution.
    Dirichlet,
    /// Skewed sizes: the clients' shares drawn from a Dirichlet distribution.
    Quantity,
    /// One client per value of a column.
    Column,
}

/// A share of the rows.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("a share between 0 and 1 is expected".into()),
    }
}
