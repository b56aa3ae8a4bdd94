//! Bounds and labels as they are typed, or stand in a file.

use std::{collections::BTreeMap, path::Path};

use fedchain_fl::{Decimal, Name};
use fedchain_learn::data::infer::Declared;
use toml::{Spanned, Value};

use crate::{
    Error,
    cli::{
        file_error,
        written::{self, Mistake},
    },
};

/// `NAME=LO..HI`; the last `=` counts.
pub(super) fn bound(text: &str) -> Result<(String, Declared), String> {
    let typed = text.rsplit_once('=').and_then(|(name, range)| {
        let (lo, hi) = range.split_once("..")?;
        let (lo, hi) = (lo.parse().ok()?, hi.parse().ok()?);
        Some((name.to_owned(), Declared::Bounds { lo, hi }))
    });
    typed.ok_or_else(|| "write a name and two numbers, like age=0..120".into())
}

/// `NAME=A,B,..`; the first `=` counts.
pub(super) fn labels(text: &str) -> Result<(String, Declared), String> {
    let typed = text.split_once('=').and_then(|(name, labels)| {
        let labels: Option<Vec<Name>> =
            labels.split(',').map(|it| it.trim().parse().ok()).collect();
        Some((name.to_owned(), Declared::Labels(labels?)))
    });
    typed.ok_or_else(|| "write a name and labels of 1 to 64 bytes, like sex=f,m".into())
}

/// What a file of bounds declares: per column two numbers, or labels.
pub(super) fn read(file: &Path, text: &str) -> Result<BTreeMap<String, Declared>, Error> {
    let mistake = |mistake: Mistake| file_error(file, mistake);
    let document = written::parse(text).map_err(mistake)?;
    let columns: BTreeMap<String, Spanned<Value>> =
        written::read(text, document, &[]).map_err(mistake)?;
    let columns = columns.into_iter().map(|(name, value)| {
        let column = column(value.get_ref()).ok_or_else(|| {
            let reason = format!(
                "\"{name}\" needs bounds, like [0, 120], or labels, like [\"f\", \"m\"]; it is {}",
                value.get_ref()
            );
            mistake(Mistake::at(text, value.span(), reason))
        })?;
        Ok((name, column))
    });
    columns.collect()
}

fn column(value: &Value) -> Option<Declared> {
    let values = value.as_array()?.as_slice();
    if let [lo, hi] = values
        && let (Some(lo), Some(hi)) = (decimal(lo), decimal(hi))
    {
        return Some(Declared::Bounds { lo, hi });
    }
    let labels = values.iter().map(|value| value.as_str()?.parse().ok());
    Some(Declared::Labels(labels.collect::<Option<_>>()?))
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal::whole(*number)),
        // The fewest digits that say which number it is: those of the file.
        Value::Float(number) => format!("{number:e}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(lo: &str, hi: &str) -> Declared {
        Declared::Bounds {
            lo: lo.parse().unwrap(),
            hi: hi.parse().unwrap(),
        }
    }

    fn labelled<const N: usize>(labels: [&str; N]) -> Declared {
        Declared::Labels(labels.map(|label| label.parse().unwrap()).into())
    }

    #[test]
    fn bounds_and_labels_are_typed() {
        assert_eq!(bound("a=-1..2.5"), Ok(("a".into(), bounds("-1", "2.5"))));
        assert_eq!(bound("a=b=0.5..1"), Ok(("a=b".into(), bounds("0.5", "1"))));
        assert_eq!(labels("a=b, c=d"), Ok(("a".into(), labelled(["b", "c=d"]))));
        for text in ["a", "a=1", "a=1..", "a=1..x"] {
            let error = bound(text).unwrap_err();
            assert_eq!(
                error, "write a name and two numbers, like age=0..120",
                "{text}"
            );
        }
        for text in ["a", "a=", "a=b,,c"] {
            assert!(labels(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_declares_each_column_in_a_line() {
        let text = "age = [0, 120.5]\nsex = [\"f\", \"m\"]\n\"blood sugar\" = [1e-2, 4]\n";
        let expected = BTreeMap::from([
            ("age".to_owned(), bounds("0", "120.5")),
            ("sex".to_owned(), labelled(["f", "m"])),
            ("blood sugar".to_owned(), bounds("1e-2", "4")),
        ]);
        assert_eq!(read(Path::new("b.toml"), text).unwrap(), expected);
    }

    #[test]
    fn what_a_file_means_otherwise_is_refused() {
        for (text, expected) in [
            (
                "age = 3",
                "b.toml: line 1, column 7: \"age\" needs bounds, like [0, 120], or labels",
            ),
            (
                "age = [0, 9]\nsex = 1\n",
                "b.toml: line 2, column 7: \"sex\" needs bounds",
            ),
            (
                "age = [0, 9]\nage = [0, 120]\n",
                "b.toml: line 2, column 1: the key `age` stands twice",
            ),
            ("age = [1, 2, 3]", "it is [1, 2, 3]"),
            ("age = [nan, 1]", "needs bounds"),
            ("age = [\"\"]", "needs bounds"),
            ("age", "b.toml: "),
        ] {
            let error = read(Path::new("b.toml"), text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
