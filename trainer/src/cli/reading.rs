//! How files of rows are read: the same flags for every command that reads rows.

use clap::Args;
use fedchain_learn::data::{Delimiter, Reading};

/// Where `--help` lists these flags.
const HEADING: &str = "Reading rows";

/// How to read a file of rows, as it is typed.
#[derive(Debug, Clone, Args)]
pub(super) struct ReadingArgs {
    /// What separates the cells of a row: one character like ';' or '|', or tab [default: what the
    /// header shows].
    #[arg(long, value_name = "CHARACTER", help_heading = HEADING)]
    delimiter: Option<Delimiter>,
    /// The first row holds values, no names: the columns are c1, c2 and so on.
    #[arg(long, help_heading = HEADING)]
    no_header: bool,
}

impl ReadingArgs {
    pub(super) fn reading(&self) -> Reading {
        Reading {
            delimiter: self.delimiter,
            no_header: self.no_header,
        }
    }
}
