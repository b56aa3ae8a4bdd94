//! TOML that people write: read whole, or refused with the place and with what was meant.

use std::{fmt::Display, ops::Range};

use fedchain_fl::keys;
use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::{
    Deserializer, Spanned,
    de::{DeTable, DeValue, Error as TomlError},
};

/// A file's content, with the place of each key and value.
pub(super) type Document<'a> = Spanned<DeTable<'a>>;

/// What is wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub(super) struct Mistake {
    line: usize,
    column: usize,
    reason: String,
}

impl Mistake {
    /// At a place of a text.
    pub(super) fn at(text: &str, place: Range<usize>, reason: impl Display) -> Self {
        let before = text.get(..place.start).unwrap_or_default();
        let in_line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
            reason: reason.to_string(),
        }
    }

    /// At the key that a path of keys leads to, or the last on the way to it that is there.
    pub(super) fn at_key(text: &str, path: &[&str], reason: impl Display) -> Self {
        match parse(text) {
            Ok(document) => Self::at(text, place(document.get_ref(), path), reason),
            Err(mistake) => mistake,
        }
    }

    /// The line, from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }
}

fn place(table: &DeTable<'_>, path: &[&str]) -> Range<usize> {
    let (mut table, mut place) = (Some(table), 0..0);
    for key in path {
        let Some((key, value)) = table.and_then(|table| table.get_key_value(*key)) else {
            break;
        };
        (table, place) = (value.get_ref().as_table(), key.span());
    }
    place
}

/// A table of a file, for keys that stand in another.
pub(super) struct Table {
    /// Its header, like `[task]`; empty for what stands above all headers.
    header: &'static str,
    keys: &'static [&'static str],
}

impl Table {
    /// The table that becomes a `T`.
    pub(super) fn of<T: DeserializeOwned>(header: &'static str) -> Self {
        let keys = keys::of::<T>();
        Self { header, keys }
    }

    /// Whether it is the table of this name.
    fn is(&self, name: &str) -> bool {
        let path = self.header.trim_matches(['[', ']']);
        path.rsplit('.').next() == Some(name)
    }
}

/// Reads a text as TOML, in which no key may stand twice.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Mistake> {
    DeTable::parse(text).map_err(|error| mistake(text, &error, &[]))
}

/// Reads a value of a document; unknown keys are refused where `T` refuses them. `tables` are those of
/// the whole file.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    document: Document<'_>,
    tables: &[Table],
) -> Result<T, Mistake> {
    T::deserialize(Deserializer::from(document)).map_err(|error| mistake(text, &error, tables))
}

/// Adds what a table of the document does not say.
pub(super) fn add<'a>(document: &mut Document<'a>, table: &str, defaults: Document<'a>) {
    let Some(table) = document.get_mut().get_mut(table) else {
        return;
    };
    if let DeValue::Table(table) = table.get_mut() {
        for (key, value) in defaults.into_inner() {
            table.entry(key).or_insert(value);
        }
    }
}

fn mistake(text: &str, error: &TomlError, tables: &[Table]) -> Mistake {
    let place = error.span().unwrap_or_default();
    let message = error.message();
    let reason = match Unknown::of(message) {
        Some(unknown) => unknown.describe(tables),
        None if message == "duplicate key" => {
            let key = text.get(place.clone()).unwrap_or_default().trim();
            format!("the key `{key}` stands twice: one of them must go")
        }
        None => match message.strip_prefix("missing field ") {
            Some(key) => format!("the key {key} is missing in this table"),
            None => message.to_owned(),
        },
    };
    Mistake::at(text, place, reason)
}

/// A word that is not among those that may stand there, by what serde and toml say of it.
struct Unknown<'a> {
    kind: &'static str,
    word: &'a str,
    known: Vec<&'a str>,
}

impl<'a> Unknown<'a> {
    fn of(message: &'a str) -> Option<Self> {
        if let Some(keys) = message.strip_prefix("unexpected keys in table: ") {
            let (words, known) = keys.split_once(", available keys: ")?;
            return Some(Self {
                kind: "key",
                word: words.split(", ").next()?,
                known: known.split(", ").collect(),
            });
        }
        let kind = if message.starts_with("unknown field `") {
            "key"
        } else if message.starts_with("unknown variant `") {
            "value"
        } else {
            return None;
        };
        let mut words = message.split('`').skip(1).step_by(2);
        Some(Self {
            kind,
            word: words.next()?,
            known: words.collect(),
        })
    }

    /// What is unknown, and what to write.
    fn describe(&self, tables: &[Table]) -> String {
        let Self { kind, word, known } = self;
        let nearest = || {
            let nearest = keys::nearest(word, known.iter().copied())?;
            Some(format!("did you mean `{nearest}`?"))
        };
        let possible = || match known.as_slice() {
            [] => "none is possible here".into(),
            known => format!("possible here: {}", known.join(", ")),
        };
        let tables = if *kind == "key" { tables } else { &[] };
        let advice = elsewhere(word, tables).or_else(nearest);
        format!(
            "unknown {kind} `{}`: {}",
            word.escape_debug(),
            advice.unwrap_or_else(possible)
        )
    }
}

/// Where a key of another table belongs.
fn elsewhere(key: &str, tables: &[Table]) -> Option<String> {
    if let Some(table) = tables.iter().find(|table| table.is(key)) {
        return Some(format!("write the table as {}", table.header));
    }
    let owners = tables.iter().filter(|table| table.keys.contains(&key));
    let owners: Vec<_> = owners
        .map(|table| match table.header {
            "" => "above the first [table]".to_owned(),
            header => format!("into {header}"),
        })
        .collect();
    (!owners.is_empty()).then(|| format!("it belongs {}", owners.join(" or ")))
}

#[cfg(test)]
mod tests;
