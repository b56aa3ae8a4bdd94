//! OpenSSL, for a transport in the network library that no node here uses. Its source comes along and compiles for
//! minutes; where the system has the library to link against, that will do.

use std::{path::Path, process::Command};

use crate::cargo::output;

/// The oldest version that will do.
const VERSION: &str = "3.0";
/// What is linked in, so that a node runs where OpenSSL is not installed.
const LIBRARIES: [&str; 2] = ["libssl.a", "libcrypto.a"];

/// What tells OpenSSL's crate to take the system's library.
pub const SETTINGS: [(&str, &str); 2] = [("OPENSSL_NO_VENDOR", "1"), ("OPENSSL_STATIC", "1")];

/// Whether the system has what can be linked in.
pub fn is_there() -> bool {
    let at_least = format!("--atleast-version={VERSION}");
    let ask = |question| output(Command::new("pkg-config").args([question, "openssl"]));
    ask(&at_least).is_ok()
        && ask("--variable=libdir").is_ok_and(|folder| {
            LIBRARIES
                .iter()
                .all(|library| Path::new(&folder).join(library).is_file())
        })
}
