//! What a session tells: log lines that users of federated learning know, or JSON.

use std::fmt;

use fedchain_fl::{H256, view::Outcome};
use serde::Serialize;

use crate::{chain::AccountId, learn::Metrics};

/// One line of a session's log. In JSON, `event` names it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The session began.
    Start {
        /// Number of the federation.
        federation: u32,
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
    /// The commitment is in a block.
    Commit {
        /// Number of the round.
        round: u32,
        /// The block.
        block: u32,
    },
    /// The update is in a block.
    Reveal {
        /// Number of the round.
        round: u32,
        /// The block.
        block: u32,
    },
    /// A round closed.
    Aggregate {
        /// Number of the round.
        round: u32,
        /// The block that closed it.
        block: u32,
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
    /// Number of the federation.
    pub federation: u32,
    /// Why it ended.
    pub end: End,
    /// Rounds that this session saw close.
    pub rounds: u32,
    /// Of these, rounds that made a new server model.
    pub adopted: u32,
    /// Updates that this client revealed in time.
    pub revealed: u32,
    /// Loss of the first server model seen, on the client's rows.
    pub loss_first: Option<f64>,
    /// Loss of the last.
    pub loss_last: Option<f64>,
    /// Root of the newest server model.
    pub model_root: H256,
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
                write!(
                    f,
                    "[INIT] federation {federation} \"{name}\", account {account}, {rows} rows"
                )
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
                write!(f, "[ROUND {round}/{rounds_max}] {clients} clients")
            }
            Self::Fit {
                loss_before,
                loss_after,
                rows,
                ..
            } => {
                write!(
                    f,
                    "fit: loss {loss_before:.4} -> {loss_after:.4} ({rows} rows)"
                )
            }
            Self::Moments { numbers, rows, .. } => {
                write!(f, "moments: {numbers} numbers ({rows} rows)")
            }
            Self::Commit { block, .. } => write!(f, "commit: block {block}"),
            Self::Reveal { block, .. } => write!(f, "reveal: block {block}"),
            Self::Aggregate {
                results,
                failures,
                outcome,
                block,
                ..
            } => {
                write!(
                    f,
                    "aggregate: {results} results, {failures} failures (block {block})"
                )?;
                match outcome {
                    Outcome::Adopted => Ok(()),
                    Outcome::Skipped => write!(f, ", round skipped: the model stays"),
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
        };
        writeln!(f, "[SUMMARY] federation {} {end}", self.federation)?;
        writeln!(
            f,
            "rounds: {} seen, {} adopted; {} updates revealed",
            self.rounds, self.adopted, self.revealed
        )?;
        if let (Some(first), Some(last)) = (self.loss_first, self.loss_last) {
            writeln!(f, "loss: {first:.4} -> {last:.4}")?;
        }
        write!(f, "model: {:?}", self.model_root)
    }
}

/// The measures in one line.
pub fn describe(metrics: &Metrics) -> String {
    let mut line = format!("loss {:.4}", metrics.loss);
    if let Some(rmse) = metrics.rmse {
        line.push_str(&format!(", rmse {rmse:.4}"));
    }
    if let Some(accuracy) = metrics.accuracy {
        line.push_str(&format!(", accuracy {:.1} %", 100.0 * accuracy));
    }
    line.push_str(&format!(" ({} rows)", metrics.rows));
    line
}
