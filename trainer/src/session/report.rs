//! What a session tells: log lines that users of federated learning know, or JSON.

use std::fmt;

use fedchain_fl::{H256, view::Outcome};
use serde::Serialize;

use crate::{chain::AccountId, words::count};
use fedchain_learn::Metrics;

/// One line of a session's log. In JSON, `event` names it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The session began.
    Start {
        /// Number of the federation; none without a chain.
        #[serde(skip_serializing_if = "Option::is_none")]
        federation: Option<u32>,
        /// Its name.
        name: String,
        /// The client.
        account: AccountId,
        /// Rows to train on.
        rows: usize,
    },
    /// Too few members for a round.
    Waiting {
        /// Members.
        clients: usize,
        /// Members needed.
        clients_min: u32,
    },
    /// A round is open.
    Round {
        /// Number of the round.
        round: u32,
        /// Rounds in all.
        rounds_max: u32,
        /// Clients on its roster.
        clients: u32,
    },
    /// The client trained.
    Fit {
        /// Number of the round.
        round: u32,
        /// Loss of the server model on the client's rows.
        loss_before: f64,
        /// Loss of the update on them.
        loss_after: f64,
        /// Rows trained on.
        rows: usize,
    },
    /// The client computed the second moments of its rows.
    Moments {
        /// Number of the round.
        round: u32,
        /// How many there are.
        numbers: u32,
        /// Rows that they are of.
        rows: usize,
    },
    /// The update got noise.
    Privacy {
        /// Number of the round.
        round: u32,
        /// Epsilon of all the client's updates in the federation, this one included.
        epsilon: f64,
        /// Probability at which it may fail.
        delta: f64,
    },
    /// The commitment is in a block.
    Commit {
        /// Number of the round.
        round: u32,
        /// The block.
        block: u32,
    },
    /// A part of a large update is in a block, and another follows.
    Part {
        /// Number of the round.
        round: u32,
        /// Parts in blocks.
        done: u32,
        /// Parts of the update.
        parts: u32,
    },
    /// The update is in a block.
    Reveal {
        /// Number of the round.
        round: u32,
        /// The block.
        block: u32,
    },
    /// A server without a chain has the update.
    Update {
        /// Number of the round.
        round: u32,
    },
    /// A round closed.
    Aggregate {
        /// Number of the round.
        round: u32,
        /// The block that closed it; none without a chain.
        #[serde(skip_serializing_if = "Option::is_none")]
        block: Option<u32>,
        /// Updates that counted.
        results: u32,
        /// Clients whose update did not.
        failures: u32,
        /// Whether the server model is a new one.
        outcome: Outcome,
        /// Root of the server model after the round.
        model_root: H256,
    },
    /// The newest server model on the client's rows.
    Evaluate {
        /// Number of the round.
        round: u32,
        /// The measures.
        #[serde(flatten)]
        metrics: Metrics,
    },
    /// Something that a user should know.
    Note {
        /// A sentence.
        text: String,
    },
    /// The session ended.
    Summary(Summary),
}

/// How a session ended.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Number of the federation; none without a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federation: Option<u32>,
    /// Why it ended.
    pub end: End,
    /// Rounds that this session saw close.
    pub rounds: u32,
    /// Of these, rounds that made a new server model.
    pub adopted: u32,
    /// Updates that this client revealed in time; without a chain, sent in time.
    pub revealed: u32,
    /// Loss of the first server model seen, on the client's rows.
    pub loss_first: Option<f64>,
    /// Loss of the last.
    pub loss_last: Option<f64>,
    /// Root of the newest server model.
    pub model_root: H256,
    /// What went over the network; counted without a chain only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
}

/// Bytes of the parameters and results in JSON, without JSON-RPC's and the transport's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Bytes that this client sent.
    pub sent: u64,
    /// Bytes that it received.
    pub received: u64,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All rounds are done.
    Finished,
    /// The owner ended the federation.
    Cancelled,
    /// The client left.
    Left,
    /// The round for which weights were submitted is over; the client stays a member.
    Submitted,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start {
                federation,
                name,
                account,
                rows,
            } => {
                f.write_str("[INIT] federation ")?;
                if let Some(federation) = federation {
                    write!(f, "{federation} ")?;
                }
                write!(f, "\"{name}\", account {account}, {}", count(*rows, "row"))
            }
            Self::Waiting {
                clients,
                clients_min,
            } => {
                write!(f, "waiting for clients: {clients} of {clients_min}")
            }
            Self::Round {
                round,
                rounds_max,
                clients,
            } => {
                write!(
                    f,
                    "[ROUND {round}/{rounds_max}] {}",
                    count(*clients, "client")
                )
            }
            Self::Fit {
                loss_before,
                loss_after,
                rows,
                ..
            } => {
                write!(
                    f,
                    "fit: loss {loss_before:.4} -> {loss_after:.4} ({})",
                    count(*rows, "row")
                )
            }
            Self::Moments { numbers, rows, .. } => {
                write!(
                    f,
                    "moments: {} ({})",
                    count(*numbers, "number"),
                    count(*rows, "row")
                )
            }
            Self::Privacy { epsilon, delta, .. } => write!(
                f,
                "privacy: epsilon {epsilon} at delta {delta:e} spent, with this update"
            ),
            Self::Commit { block, .. } => write!(f, "commit: block {block}"),
            Self::Part { done, parts, .. } => write!(f, "reveal: part {done} of {parts}"),
            Self::Reveal { block, .. } => write!(f, "reveal: block {block}"),
            Self::Update { .. } => f.write_str("update: sent"),
            Self::Aggregate {
                results,
                failures,
                outcome,
                block,
                ..
            } => {
                let (results, failures) = (count(*results, "result"), count(*failures, "failure"));
                write!(f, "aggregate: {results}, {failures}")?;
                if let Some(block) = block {
                    write!(f, " (block {block})")?;
                }
                match outcome {
                    Outcome::Adopted => Ok(()),
                    Outcome::Skipped => write!(f, ", round skipped: the model stays"),
                    Outcome::Crowded => write!(
                        f,
                        ", round skipped, for blocks had no room: the model stays, bonds are back"
                    ),
                    Outcome::Ungated => write!(f, ", adopted unjudged: too few holdouts"),
                    Outcome::Worse => {
                        write!(f, ", worse than the tolerance allows: the model stays")
                    }
                }
            }
            Self::Evaluate { metrics, .. } => write!(f, "evaluate: {}", describe(metrics)),
            Self::Note { text } => f.write_str(text),
            Self::Summary(summary) => write!(f, "{summary}"),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Finished => "finished",
            End::Cancelled => "was cancelled",
            End::Left => "goes on without this client",
            End::Submitted => "has closed the weights' round",
        };
        match self.federation {
            Some(federation) => writeln!(f, "[SUMMARY] federation {federation} {end}")?,
            None => writeln!(f, "[SUMMARY] federation {end}")?,
        }
        let sent = match self.federation {
            Some(_) => "revealed",
            None => "sent",
        };
        writeln!(
            f,
            "rounds: {} seen, {} adopted; {} {sent}",
            self.rounds,
            self.adopted,
            count(self.revealed, "update")
        )?;
        if let (Some(first), Some(last)) = (self.loss_first, self.loss_last) {
            writeln!(f, "loss: {first:.4} -> {last:.4}")?;
        }
        if let Some(Traffic { sent, received }) = self.traffic {
            writeln!(f, "bytes: {sent} sent, {received} received")?;
        }
        write!(f, "model: {:?}", self.model_root)
    }
}

/// The measures and the rows that they are of, in one line.
pub fn describe(metrics: &Metrics) -> String {
    format!("{} ({})", measures(metrics), count(metrics.rows, "row"))
}

/// The measures alone.
pub fn measures(metrics: &Metrics) -> String {
    let mut line = format!("loss {}", number(metrics.loss));
    if let Some(rmse) = metrics.rmse {
        line.push_str(&format!(", rmse {}", number(rmse)));
    }
    if let Some(accuracy) = metrics.accuracy {
        line.push_str(&format!(", accuracy {:.1} %", 100.0 * accuracy));
    }
    line
}

/// A measure with four decimals; below a thousandth with four significant digits.
pub fn number(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    match magnitude < -3.0 && magnitude.is_finite() {
        true => format!("{value:.*}", (3.0 - magnitude) as usize),
        false => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn small_measures_keep_their_digits() {
        for (value, expected) in [
            (0.0, "0.0000"),
            (55.098_01, "55.0980"),
            (1.0, "1.0000"),
            (0.001, "0.0010"),
            (0.000_996, "0.0009960"),
            (-0.000_002_5, "-0.000002500"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
