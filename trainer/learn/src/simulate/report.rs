//! What a simulation says of its rounds. No clock: the same setup makes the same report, byte for
//! byte, on one kind of processor.

use fedchain_fl::H256;
use serde::Serialize;

use crate::Metrics;

/// One round, and the server model after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// Its number; 0 is the initial model.
    pub round: u32,
    /// Clients that the lots chose.
    pub sampled: usize,
    /// Of these, clients that sent nothing.
    pub dropped: usize,
    /// Updates that the norm rule let pass.
    pub accepted: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// Root of the server model, as the chain would record it.
    pub model_root: H256,
    /// The server model on the rows held out, or on all clients' rows.
    #[serde(flatten)]
    pub metrics: Metrics,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No round: the model that a federation begins with.
    Initial,
    /// The updates made a new server model.
    Aggregated,
    /// Too few updates: the server model stays.
    Skipped,
}

impl Outcome {
    /// As in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Aggregated => "aggregated",
            Self::Skipped => "skipped",
        }
    }
}

impl Round {
    /// The measure beside the loss: its name, and its value.
    pub fn quality(&self) -> Option<(&'static str, f64)> {
        let accuracy = self.metrics.accuracy.map(|value| ("accuracy", value));
        accuracy.or(self.metrics.rmse.map(|value| ("rmse", value)))
    }
}

/// The rounds as a CSV file, a header line first.
pub fn csv(rounds: &[Round]) -> String {
    let quality = rounds.first().and_then(Round::quality);
    let mut lines = vec![format!(
        "round,sampled,dropped,accepted,outcome,model_root,rows,loss{}",
        quality.map_or(String::new(), |(name, _)| format!(",{name}"))
    )];
    lines.extend(rounds.iter().map(|round| {
        format!(
            "{},{},{},{},{},{:?},{},{}{}",
            round.round,
            round.sampled,
            round.dropped,
            round.accepted,
            round.outcome.name(),
            round.model_root,
            round.metrics.rows,
            round.metrics.loss,
            round
                .quality()
                .map_or(String::new(), |(_, value)| format!(",{value}"))
        )
    }));
    lines.push(String::new());
    lines.join("\n")
}

/// The measures of a model on several parts of some rows, put together; none without parts.
///
/// Loss and accuracy are means by rows. The mean squared error is one too, and its root is taken last.
pub(super) fn together(parts: &[Metrics]) -> Option<Metrics> {
    let rows: usize = parts.iter().map(|part| part.rows).sum();
    let mean = |value: fn(&Metrics) -> Option<f64>| -> Option<f64> {
        let weighted = parts
            .iter()
            .map(|part| value(part).map(|value| value * part.rows as f64));
        Some(weighted.sum::<Option<f64>>()? / rows as f64)
    };
    match parts {
        [] => None,
        // Nothing is lost by rounding.
        [only] => Some(*only),
        _ => Some(Metrics {
            rows,
            loss: mean(|part| Some(part.loss))?,
            rmse: mean(|part| part.rmse.map(|rmse| rmse * rmse)).map(f64::sqrt),
            accuracy: mean(|part| part.accuracy),
        }),
    }
}
