//! Why a simulation cannot start or go on, in sentences that say what to change.

use thiserror::Error;

use crate::{LearnError, moments::Uncertified};

/// Why a simulation stopped.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// There is nobody to train.
    #[error("there are no clients: give at least one with rows")]
    NoClients,
    /// The sample of a round is empty or larger than the federation.
    #[error(
        "cannot sample {sampling} of {clients} clients: take a share above 0 and up to 1.0, or a \
         number from 1 to {clients}"
    )]
    Sampling {
        /// What was asked for.
        sampling: super::Sampling,
        /// Clients of the federation.
        clients: usize,
    },
    /// No probability, or nobody would ever send.
    #[error("a drop-out probability of {found} is not possible: take one from 0 to below 1")]
    DropOut {
        /// What was asked for.
        found: f64,
    },
    /// More attackers than clients.
    #[error("{attackers} of {clients} clients cannot attack: name at most {clients} attackers")]
    Attackers {
        /// What was asked for.
        attackers: usize,
        /// Clients of the federation.
        clients: usize,
    },
    /// The attack is on labels, and there are none.
    #[error("the attack {attack} changes labels, and a regression has none: choose another")]
    NoLabels {
        /// Its name.
        attack: &'static str,
    },
    /// A round has more updates than the chain takes.
    #[error(
        "{found} clients in each round are too many: the federation's strategy takes up to {max}, so \
         sample fewer"
    )]
    TooManyUpdates {
        /// Clients sampled per round.
        found: usize,
        /// The chain's bound.
        max: usize,
    },
    /// The initial model is not in the spec.
    #[error("the initial model is uploaded, not part of the spec: begin with zeros or a seed")]
    Uploaded,
    /// Rounds of a certified regression are not aggregated.
    #[error(
        "the strategy least_squares has no rounds of training: its one round has an exact optimum"
    )]
    Certified,
    /// The clients' rows make no certificate.
    #[error("there would be no certificate: {0}")]
    Uncertified(#[from] Uncertified),
    /// A client could not train.
    #[error("client {client} in round {round}: {source}")]
    Client {
        /// Place in the list of clients, from 1.
        client: usize,
        /// The round, from 1.
        round: u32,
        /// What went wrong.
        source: LearnError,
    },
    /// The server model could not be measured.
    #[error("the server model after round {round} cannot be measured: {source}")]
    Measure {
        /// The round; 0 is before the first.
        round: u32,
        /// What went wrong.
        source: LearnError,
    },
    /// The federation's rules refuse something.
    #[error(transparent)]
    Rule(#[from] fedchain_fl::Error),
    /// A chart cannot be drawn.
    #[error("cannot draw the chart: {0}")]
    Plot(String),
}
