//! Printing: text for people, one JSON value per line for programs.
//!
//! Commands print as they go and do not ask whether it was taken: [`finish`] says so at their end. What
//! they do on chain goes on meanwhile, for there a bond may be at stake.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

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

/// Why standard output took something not, the first time.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a value in the chosen way.
pub fn print<T: Serialize>(output: Output, value: &T, text: impl FnOnce() -> String) {
    write(|out| match output {
        Output::Text => writeln!(out, "{}", text()),
        Output::Json => {
            let line = serde_json::to_string(value)?;
            writeln!(out, "{line}")
        }
    });
}

/// Writes to standard output, unless it has failed before: what follows a gap is worth nothing.
pub(super) fn write(to: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    if failure.is_none() {
        let mut out = io::stdout().lock();
        *failure = to(&mut out).and_then(|()| out.flush()).err();
    }
}

/// Whether standard output took all that was printed. A reader that went away has what it wanted.
///
/// # Errors
/// [`Error::Output`].
pub fn finish() -> Result<(), Error> {
    let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    match failure.take() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
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
