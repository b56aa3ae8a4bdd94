//! Addresses of nodes and servers, as people type them.

use std::{fmt, str::FromStr};

use fedchain_learn::data::escape;
use thiserror::Error;

/// The WebSocket address that is meant: `http` and `https` are taken as `ws` and `wss`, and what names
/// none, like `127.0.0.1:9944`, gets `ws`.
///
/// ```
/// use fedchain_trainer::address::websocket;
/// assert_eq!(websocket("http://127.0.0.1:9944"), "ws://127.0.0.1:9944");
/// ```
pub fn websocket(typed: &str) -> String {
    let typed = typed.trim();
    let Some((scheme, rest)) = typed.split_once("://") else {
        return format!("ws://{typed}");
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => format!("ws://{rest}"),
        "https" => format!("wss://{rest}"),
        _ => typed.to_owned(),
    }
}

/// An address of a node as somebody typed it, which names a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{}\" is not the address of a node: write one like ws://127.0.0.1:9944", escape(.0))]
pub struct NoAddress(String);

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(typed: &str) -> Result<Self, NoAddress> {
        let address = websocket(typed);
        let rest = address
            .strip_prefix("ws://")
            .or_else(|| address.strip_prefix("wss://"));
        let has_host =
            rest.is_some_and(|rest| !rest.starts_with(['/', ':', '?']) && !rest.is_empty());
        match has_host && !address.contains(|it: char| it.is_whitespace() || it.is_control()) {
            true => Ok(Self(typed.trim().to_owned())),
            false => Err(NoAddress(typed.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_and_people_write_is_understood() {
        for (typed, expected) in [
            ("ws://127.0.0.1:9944", "ws://127.0.0.1:9944"),
            ("wss://node.example/rpc", "wss://node.example/rpc"),
            ("http://127.0.0.1:9944", "ws://127.0.0.1:9944"),
            ("HTTPS://node.example", "wss://node.example"),
            ("127.0.0.1:9944", "ws://127.0.0.1:9944"),
            ("[::1]:9944", "ws://[::1]:9944"),
            ("localhost:9944\n", "ws://localhost:9944"),
            ("ftp://node.example", "ftp://node.example"),
        ] {
            assert_eq!(websocket(typed), expected);
        }
    }

    #[test]
    fn what_names_no_host_is_no_address() {
        for typed in ["127.0.0.1:9944", "https://node.example/rpc", "[::1]:9944"] {
            assert_eq!(typed.parse(), Ok(Address(typed.into())));
        }
        for typed in [
            "",
            "ws://",
            "ws://:9944",
            "ftp://node.example",
            "http://a b",
        ] {
            assert!(typed.parse::<Address>().is_err(), "{typed}");
        }
        let pasted = "fedchain status\recho".parse::<Address>().unwrap_err();
        assert!(
            pasted
                .to_string()
                .starts_with("\"fedchain status\\recho\" is not")
        );
    }
}
