//! A client's connection to a plain server: requests, their bytes, and finding the server again.

use std::time::Duration;

use fedchain_fl::H256;
use jsonrpsee_client::{
    client_transport::ws::WsHandshakeError,
    core::{
        client::{ClientT, Error as CallError},
        traits::ToRpcParams,
    },
    ws_client::{WsClient, WsClientBuilder},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::{Instant, sleep};

use super::{
    ServeError,
    api::{self, MESSAGE_BYTES_MAX, POLL_MAX, Refusal, Status},
};
use crate::{address::websocket, session::report::Traffic};

/// Longest time for one answer: the longest poll, and time for the largest model.
const ANSWER_MAX: Duration = Duration::from_secs(100 + POLL_MAX.as_secs());
/// Pause between attempts to reach the server again.
const RETRY: Duration = Duration::from_millis(500);
/// How long a server that went away is waited for.
pub const ABSENCE_MAX: Duration = Duration::from_secs(60);

/// What became of a request.
pub(super) enum CallFailure {
    /// The server said no.
    Refused(Refusal),
    /// No answer came: the connection broke, or nobody was there.
    Lost(String),
    /// The answer makes no sense.
    Answer(String),
}

/// A connection to a server, counting bytes.
pub(super) struct Connection {
    url: String,
    client: WsClient,
    traffic: Traffic,
}

impl Connection {
    /// Connects to `url`, in any form that [`websocket`] takes. Waits so long for a server that is not there
    /// yet, and says so by `note`.
    pub(super) async fn open(
        url: &str,
        patience: Duration,
        note: impl FnOnce(String),
    ) -> Result<Self, ServeError> {
        let (start, mut note) = (Instant::now(), Some(note));
        let client = loop {
            let error = match connect(url).await {
                Ok(client) => break client,
                Err(error) => error,
            };
            let reason = innermost(&error);
            if !is_absent(&error) || start.elapsed() >= patience {
                return Err(no_server(url, reason));
            }
            if let Some(note) = note.take() {
                let seconds = patience.as_secs();
                note(format!(
                    "no server answers at {url} yet ({reason}): waiting {seconds} seconds for it"
                ));
            }
            sleep(RETRY).await;
        };
        Ok(Self {
            url: url.to_owned(),
            client,
            traffic: Traffic::default(),
        })
    }

    /// Bytes so far.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The federation.
    pub(super) async fn status(&mut self) -> Result<Status, CallFailure> {
        self.request(api::STATUS, None::<()>).await
    }

    /// Sends a request, once.
    pub(super) async fn request<P: Serialize, T: DeserializeOwned>(
        &mut self,
        method: &str,
        param: Option<P>,
    ) -> Result<T, CallFailure> {
        let unusable = |error: serde_json::Error| CallFailure::Answer(format!("{method}: {error}"));
        let params = param
            .map(|param| to_raw_value(&[param]))
            .transpose()
            .map_err(unusable)?;
        let sent = params.as_ref().map_or(0, |params| params.get().len());
        self.traffic.sent = self.traffic.sent.saturating_add(sent as u64);
        let answer: Box<RawValue> = match self.client.request(method, Params(params)).await {
            Ok(answer) => answer,
            Err(CallError::Call(error)) => {
                let refusal = error
                    .data()
                    .filter(|_| error.code() == api::REFUSED)
                    .and_then(|data| serde_json::from_str(data.get()).ok());
                return Err(match refusal {
                    Some(refusal) => CallFailure::Refused(refusal),
                    None => CallFailure::Answer(format!("{method}: {}", error.message())),
                });
            }
            Err(CallError::ParseError(error)) => return Err(unusable(error)),
            Err(error) => return Err(CallFailure::Lost(innermost(&error))),
        };
        self.traffic.received = self
            .traffic
            .received
            .saturating_add(answer.get().len() as u64);
        serde_json::from_str(answer.get()).map_err(unusable)
    }

    /// Connects again as soon as the server answers, and makes sure that it is the same run.
    pub(super) async fn reopen(&mut self, run: H256) -> Result<(), ServeError> {
        let start = Instant::now();
        loop {
            sleep(RETRY).await;
            let reason = match connect(&self.url).await {
                Ok(client) => {
                    self.client = client;
                    match self.status().await {
                        Ok(status) if status.run == run => return Ok(()),
                        Ok(_) => {
                            return Err(ServeError::NewRun {
                                url: self.url.clone(),
                            });
                        }
                        Err(CallFailure::Lost(reason)) => reason,
                        Err(failure) => return Err(failure.of(api::STATUS, &self.url)),
                    }
                }
                Err(error) => innermost(&error),
            };
            if start.elapsed() > ABSENCE_MAX {
                let url = self.url.clone();
                return Err(ServeError::Gone { url, reason });
            }
        }
    }
}

impl CallFailure {
    /// As an error of a method that is not tried again.
    pub(super) fn of(self, method: &'static str, url: &str) -> ServeError {
        match self {
            Self::Refused(Refusal::OtherRun { .. }) => ServeError::NewRun { url: url.into() },
            Self::Refused(refusal) => ServeError::Refused { method, refusal },
            Self::Lost(reason) => no_server(url, reason),
            Self::Answer(text) => ServeError::Answer(text),
        }
    }
}

/// Whether a server's traffic can be read on its way: it is neither encrypted nor on this machine.
pub(super) fn is_exposed(url: &str) -> bool {
    let url = websocket(url);
    let Some(rest) = url.strip_prefix("ws://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => authority
            .rsplit('@')
            .next()
            .and_then(|host| host.split(':').next()),
    };
    let host = host.unwrap_or_default();
    let is_loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    !is_loopback && host != "localhost"
}

/// Parameters as they were written.
struct Params(Option<Box<RawValue>>);

impl ToRpcParams for Params {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        Ok(self.0)
    }
}

/// Connects to a server, or says why that fails.
async fn connect(url: &str) -> Result<WsClient, CallError> {
    WsClientBuilder::new()
        .max_request_size(MESSAGE_BYTES_MAX)
        .max_response_size(MESSAGE_BYTES_MAX)
        .request_timeout(ANSWER_MAX)
        .build(websocket(url))
        .await
}

/// Whether nobody takes the connection, and may later: the name or the port is not there yet.
fn is_absent(error: &CallError) -> bool {
    let CallError::Transport(cause) = error else {
        return false;
    };
    matches!(
        cause.downcast_ref(),
        Some(
            WsHandshakeError::Io(_)
                | WsHandshakeError::Timeout(_)
                | WsHandshakeError::ResolutionFailed(_)
                | WsHandshakeError::NoAddressFound(_)
        )
    )
}

fn no_server(url: &str, reason: String) -> ServeError {
    ServeError::NoServer {
        url: url.to_owned(),
        reason,
    }
}

/// The innermost cause: the only part that says something to people.
fn innermost(error: &CallError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::Mutex,
        thread,
    };

    use super::*;

    #[tokio::test]
    async fn a_server_is_waited_for_that_is_not_there_yet() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let notes = Mutex::new(Vec::new());
        let open = async |seconds| {
            let note = |text| notes.lock().unwrap().push(text);
            let url = address.to_string();
            match Connection::open(&url, Duration::from_secs(seconds), note).await {
                Err(ServeError::NoServer { reason, .. }) => reason,
                _ => panic!("no server takes connections"),
            }
        };
        open(0).await;
        assert_eq!(notes.lock().unwrap().len(), 0);
        let server = thread::spawn(move || {
            thread::sleep(2 * RETRY);
            let (mut stream, _) = TcpListener::bind(address).unwrap().accept().unwrap();
            let _ = stream.read(&mut [0; 4_096]).unwrap();
            stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        });
        // It answers, and will not do so otherwise later.
        let reason = open(60).await;
        server.join().unwrap();
        assert!(reason.contains("403"), "{reason}");
        let notes = notes.lock().unwrap();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("waiting 60 seconds for it"), "{notes:?}");
    }

    #[test]
    fn only_plain_traffic_to_other_machines_is_exposed() {
        for (url, exposed) in [
            ("http://127.0.0.1:9955", false),
            ("ws://localhost:9955", false),
            ("http://[::1]:9955/", false),
            ("https://example.org", false),
            ("wss://10.0.0.7:9955", false),
            ("http://example.org:9955", true),
            ("ws://10.0.0.7:9955/path", true),
            ("http://127.0.0.1@example.org", true),
            ("http://[2001:db8::1]:9955", true),
            ("127.0.0.1:9955", false),
            ("example.org:9955", true),
        ] {
            assert_eq!(is_exposed(url), exposed, "{url}");
        }
    }
}
