//! OpenSSL, for a transport in the network library that no node here uses. Its source comes along and compiles for
//! minutes; where the system has the library to link against, that will do.

use std::{path::Path, process::Command};

use crate::cargo::output;

/// The oldest version that will do.
const VERSION: &str = "3.0";
/// What is linked in, so that a node runs where OpenSSL is not installed.
const LIBRARIES: [&str; 2] = ["libssl.a", "libcrypto.a"];

/// What makes OpenSSL's crate link the system's library in; nothing where there is none to link in.
///
/// The folders are named, for the crate links what pkg-config finds below /usr dynamically, whatever is asked for.
pub fn settings() -> Vec<(&'static str, String)> {
    let at_least = format!("--atleast-version={VERSION}");
    let ask = |question: &str| output(Command::new("pkg-config").args([question, "openssl"]));
    let (Ok(_), Ok(libraries), Ok(headers)) = (
        ask(&at_least),
        ask("--variable=libdir"),
        ask("--variable=includedir"),
    ) else {
        return Vec::new();
    };
    let is_there = |library: &&str| Path::new(&libraries).join(library).is_file();
    match LIBRARIES.iter().all(is_there) {
        true => vec![
            ("OPENSSL_NO_VENDOR", "1".into()),
            ("OPENSSL_STATIC", "1".into()),
            ("OPENSSL_LIB_DIR", libraries),
            ("OPENSSL_INCLUDE_DIR", headers),
        ],
        false => Vec::new(),
    }
}
