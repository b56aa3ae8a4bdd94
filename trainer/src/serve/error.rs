//! What can stop the plain server or its client.

use std::net::SocketAddr;

use thiserror::Error;

use super::api::Refusal;

/// Why a federation without a chain failed.
#[derive(Debug, Error)]
pub enum ServeError {
    /// No server answers.
    #[error(
        "no server answers at {url} ({reason}): start `fedchain serve` there, or name another \
         with --server"
    )]
    NoServer {
        /// Where it should be.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// A server that answered before does so no more.
    #[error(
        "the server at {url} has been away for a minute ({reason}): it was stopped, or all rounds are \
         over. Ask whoever runs it"
    )]
    Gone {
        /// Where it was.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The server answers, but has forgotten the federation.
    #[error(
        "the server at {url} was started anew: it keeps its rounds in memory only, and what this \
         client took part in is lost. Run the command again to take part from round 1"
    )]
    NewRun {
        /// Where it is.
        url: String,
    },
    /// The server refused a message.
    #[error("the server refused {method}: {refusal}")]
    Refused {
        /// The method.
        method: &'static str,
        /// The reason.
        refusal: Refusal,
    },
    /// The server's answer is not one of this protocol.
    #[error("unexpected answer of the server: {0}; do server and client have the same version?")]
    Answer(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address} ({reason}): name another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The spec asks for what only a chain does.
    #[error("a plain server cannot run this federation: {0}")]
    Unservable(&'static str),
    /// The list of clients does not fit the spec.
    #[error("{0}")]
    Clients(String),
    /// A rule of the federation cannot be followed.
    #[error("the federation's rules cannot be followed: {0}")]
    Rule(#[from] fedchain_fl::Error),
}

impl ServeError {
    /// The exit code of the process; see [`crate::error::EXIT_CODES`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Answer(_) | Self::Listen { .. } => 1,
            Self::Clients(_) => 2,
            Self::NoServer { .. } | Self::Gone { .. } => 3,
            Self::NewRun { .. } | Self::Refused { .. } => 4,
            Self::Unservable(_) | Self::Rule(_) => 5,
        }
    }
}
