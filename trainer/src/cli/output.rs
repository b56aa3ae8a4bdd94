//! Printing: text for people, one JSON value per line for programs.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON value per line.
    Json,
}

/// Prints a value in the chosen way. A reader that went away is no failure of the command.
pub fn print<T: Serialize>(output: Output, value: &T, text: impl FnOnce() -> String) {
    let line = match output {
        Output::Text => text(),
        Output::Json => serde_json::to_string(value).unwrap_or_default(),
    };
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints a hint to standard error.
pub fn hint(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
