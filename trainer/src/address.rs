//! Addresses of nodes and servers, as people type them.

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
}
