//! The C tools that build scripts call: zstd comes as source, and OpenSSL where it is not installed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::cargo::output;

/// Program, arguments that show whether it works, Debian packages that bring it. OpenSSL's
/// configure script needs Perl modules which Debian's perl-base lacks.
const TOOLS: [(&str, &[&str], &str); 4] = [
    ("cc", &["--version"], "gcc libc6-dev"),
    ("make", &["--version"], "make"),
    ("perl", &["-MFindBin", "-MIPC::Cmd", "-e1"], "perl"),
    ("git", &["--version"], "git"),
];

/// # Errors
/// Lists all tools that are missing and how to install them.
pub fn check() -> Result<()> {
    let missing: Vec<_> = TOOLS
        .into_iter()
        .filter(|(program, args, _)| output(Command::new(program).args(*args)).is_err())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let join = |words: Vec<&str>| words.join(" ");
    bail!(
        "missing or incomplete: {}. On Debian or Ubuntu: apt-get install {}",
        join(missing.iter().map(|tool| tool.0).collect()),
        join(missing.iter().map(|tool| tool.2).collect()),
    )
}
