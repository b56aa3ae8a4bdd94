//! Printing: text for people, one JSON value per line for programs.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::Error;

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

/// Asks on the terminal; `flag` is what says yes where there is none.
pub fn ask(question: &str, flag: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::Usage(format!(
            "nobody is there to confirm: pass {flag}"
        )));
    }
    let mut answer = String::new();
    let _ = write!(io::stderr(), "{question} [y/N] ");
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Error::Usage(format!("cannot read an answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
