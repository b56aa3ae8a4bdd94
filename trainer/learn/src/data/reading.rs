//! How a file of rows is to be read, where the file does not say it.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// How to read a file of rows. The default takes everything from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What separates the cells of a row; none: what the header shows.
    pub delimiter: Option<Delimiter>,
    /// The first row holds values: the columns are `c1`, `c2` and so on.
    pub no_header: bool,
    /// Texts of cells that mean that there is no value; none: nobody said which do.
    pub missing: Option<Vec<String>>,
    /// Rows without a value in the target column are left out.
    pub skip_without_target: bool,
}

/// The character between two cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');
    /// `;`
    pub const SEMICOLON: Self = Self(b';');
    /// A tab.
    pub const TAB: Self = Self(b'\t');
    /// `|`
    pub const PIPE: Self = Self(b'|');

    /// Its byte in a file.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Its name in a sentence.
    pub fn plural(self) -> String {
        match self {
            Self::COMMA => "commas".into(),
            Self::SEMICOLON => "semicolons".into(),
            Self::TAB => "tabs".into(),
            Self::PIPE => "pipes".into(),
            Self(other) => format!("'{}'", char::from(other)),
        }
    }
}

/// As it is typed in a shell.
impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TAB => f.write_str("tab"),
            Self(byte) => write!(f, "'{}'", char::from(byte)),
        }
    }
}

/// A text that is no delimiter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a delimiter is one character such as ',', ';' or '|', or the word tab")]
pub struct NoDelimiter;

impl FromStr for Delimiter {
    type Err = NoDelimiter;

    /// One ASCII character that can be no part of a number or a quote; `tab` and `\t` are a tab.
    fn from_str(text: &str) -> Result<Self, NoDelimiter> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Self::TAB),
            [byte @ (b'\t' | b' ')] => Ok(Self(*byte)),
            [byte] if byte.is_ascii_punctuation() && !b"\"'+-.".contains(byte) => Ok(Self(*byte)),
            _ => Err(NoDelimiter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_typed_as_it_is_shown() {
        for delimiter in [
            Delimiter::COMMA,
            Delimiter::SEMICOLON,
            Delimiter::TAB,
            Delimiter::PIPE,
        ] {
            let shown = delimiter.to_string();
            assert_eq!(shown.trim_matches('\'').parse(), Ok(delimiter), "{shown}");
        }
        assert_eq!("\\t".parse(), Ok(Delimiter::TAB));
        for text in ["", ",,", "a", "1", ".", "-", "\"", "\n", "·"] {
            assert_eq!(text.parse::<Delimiter>(), Err(NoDelimiter), "{text:?}");
        }
    }
}
