//! What a plain server tells: one line per event, or JSON.

use std::fmt;

use fedchain_fl::{H256, view::Outcome};
use serde::Serialize;

use super::api::Closed;
use crate::{chain::AccountId, words::count};

/// One line of the server's log. In JSON, `event` names it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The server takes connections.
    Listening {
        /// Where clients find it.
        url: String,
        /// The federation's name.
        name: String,
        /// Id of this run.
        run: H256,
    },
    /// A client has a seat.
    Joined {
        /// The client.
        account: AccountId,
        /// Clients that have one.
        clients: usize,
        /// Clients needed for a round.
        clients_min: u32,
    },
    /// A round is open.
    Round {
        /// Number of the round.
        round: u32,
        /// Rounds in all.
        rounds_max: u32,
        /// Clients whose updates it takes.
        clients: u32,
    },
    /// An update came.
    Update {
        /// Number of the round.
        round: u32,
        /// The client.
        account: AccountId,
        /// Rows that it says it trained on.
        sample_count: u32,
        /// Whether that is the most that the federation counts: there may be more.
        is_most: bool,
    },
    /// A round closed.
    Closed(Closed),
    /// Something that a user should know.
    Note {
        /// A sentence.
        text: String,
    },
    /// All rounds are over.
    Finished {
        /// Rounds.
        rounds: u32,
        /// Root of the last server model.
        model_root: H256,
    },
    /// The server was stopped before its last round.
    Stopped {
        /// Rounds that had closed.
        rounds: u32,
        /// Root of the server model then.
        model_root: H256,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { url, name, .. } => {
                write!(f, "[INIT] \"{name}\", listening on {url}")
            }
            Self::Joined {
                account,
                clients,
                clients_min,
            } => write!(f, "joined: {account} (clients: {clients} of {clients_min})"),
            Self::Round {
                round,
                rounds_max,
                clients,
            } => write!(
                f,
                "[ROUND {round}/{rounds_max}] {}",
                count(*clients, "client")
            ),
            Self::Update {
                account,
                sample_count,
                is_most,
                ..
            } => {
                write!(f, "update: {account}, {}", count(*sample_count, "row"))?;
                match is_most {
                    true => write!(f, ", the most that count"),
                    false => Ok(()),
                }
            }
            Self::Closed(closed) => {
                let Closed {
                    results, failures, ..
                } = closed;
                let (results, failures) = (count(*results, "result"), count(*failures, "failure"));
                write!(f, "aggregate: {results}, {failures}")?;
                match closed.outcome {
                    Outcome::Skipped => write!(f, ", round skipped: the model stays"),
                    _ => Ok(()),
                }
            }
            Self::Note { text } => f.write_str(text),
            Self::Finished { rounds, model_root } => {
                write!(
                    f,
                    "[SUMMARY] {}\nmodel: {model_root:?}",
                    count(*rounds, "round")
                )
            }
            Self::Stopped { rounds, model_root } => write!(
                f,
                "[SUMMARY] stopped after {}\nmodel: {model_root:?}",
                count(*rounds, "round")
            ),
        }
    }
}
