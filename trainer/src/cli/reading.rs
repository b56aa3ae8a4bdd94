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
    /// Words that count as an empty cell, such as NA,n/a [default: none].
    #[arg(
        long,
        value_name = "WORDS",
        help_heading = HEADING,
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    missing: Option<Vec<String>>,
}

/// The same where the rows must have a target.
#[derive(Debug, Clone, Args)]
pub(super) struct TargetReadingArgs {
    #[command(flatten)]
    rows: ReadingArgs,
    /// Leave out rows whose target is empty, instead of refusing the file.
    #[arg(long, help_heading = HEADING)]
    skip_without_target: bool,
}

impl ReadingArgs {
    pub(super) fn reading(&self) -> Reading {
        Reading {
            delimiter: self.delimiter,
            no_header: self.no_header,
            missing: self.missing.as_ref().map(|words| {
                let words = words.iter().map(|word| word.trim().to_owned());
                words.filter(|word| !word.is_empty()).collect()
            }),
            skip_without_target: false,
        }
    }
}

impl TargetReadingArgs {
    pub(super) fn reading(&self) -> Reading {
        Reading {
            skip_without_target: self.skip_without_target,
            ..self.rows.reading()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        reading: TargetReadingArgs,
    }

    fn typed(line: &[&str]) -> Reading {
        Line::try_parse_from([&["program"], line].concat())
            .unwrap()
            .reading
            .reading()
    }

    #[test]
    fn missing_words_are_a_list_which_may_be_empty() {
        let words = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect());
        assert_eq!(typed(&[]), Reading::default());
        assert_eq!(
            typed(&["--missing", "NA, n/a"]).missing,
            words(&["NA", "n/a"])
        );
        assert_eq!(
            typed(&["--missing", "-,--,?"]).missing,
            words(&["-", "--", "?"])
        );
        assert_eq!(typed(&["--missing", ""]).missing, words(&[]));
        assert!(typed(&["--skip-without-target"]).skip_without_target);
    }
}
