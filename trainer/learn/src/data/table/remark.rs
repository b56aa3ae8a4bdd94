//! What to know about how a file was read.

use std::fmt;

use serde::Serialize;

/// Something that a person must decide about a file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Every row has a cell before the first column: its name, which is left out.
    RowNames,
    /// The names of the columns are numbers.
    NumberHeader,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RowNames => {
                "the first cell of every row is left out: the header has no name for it, as where \
                 pandas or R write names of rows"
            }
            Self::NumberHeader => {
                "the header holds numbers only: if it is the first row of values, pass --no-header"
            }
        })
    }
}
