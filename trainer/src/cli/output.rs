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
    let answer = prompt(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Reads a line of the terminal, without the white space around it.
pub fn prompt(question: &str) -> Result<String, Error> {
    let failed = |error| Error::Usage(format!("cannot read an answer: {error}"));
    let mut answer = String::new();
    let _ = write!(io::stderr(), "{question}");
    match io::stdin().lock().read_line(&mut answer) {
        Ok(0) => Err(failed(io::ErrorKind::UnexpectedEof.into())),
        Ok(_) => Ok(answer.trim().to_owned()),
        Err(error) => Err(failed(error)),
    }
}
