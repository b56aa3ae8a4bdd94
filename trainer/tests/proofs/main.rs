//! The command line against chains made by hand: what proves nothing is no success, what was removed is
//! found, and a hostile chain ends with an error.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;
mod code;
mod hostile;
mod nothing;
mod removed;

use std::{process::Output, time::Duration};

use fedchain_test_support::Cli;

/// The longest that a command may take: audits of hostile code take the time of its fuel.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Runs `fedchain` to its end.
async fn run(url: &str, args: &[&str]) -> Output {
    let run = Cli::new(url).unwrap();
    let run = tokio::time::timeout(TIME_MAX, run.run(args));
    run.await.unwrap().unwrap()
}

/// Runs a command that must end with an exit code; answers what it said.
#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}
