//! Chain specifications as people write them: each key means something, and stands once.

use super::Extensions;
use fedchain_fl::keys;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeSet, fmt, fs, path::Path};

/// What a specification says beside [`Extensions`].
const STOCK: [&str; 11] = [
    "name",
    "id",
    "chainType",
    "bootNodes",
    "telemetryEndpoints",
    "protocolId",
    "forkId",
    "properties",
    "consensusEngine",
    "genesis",
    "codeSubstitutes",
];

/// Refuses a file with an unknown key, or with one that stands twice in an object: the Substrate libraries
/// would pass over them, and the node would run another chain than the file's author thinks.
///
/// # Errors
/// A sentence with the file, the line and the key that was meant.
pub fn check(file: &Path) -> Result<(), String> {
    let checked = match fs::read(file) {
        Ok(text) => check_text(&text),
        Err(error) => Err(error.to_string()),
    };
    checked.map_err(|reason| format!("{}: {reason}", file.display()))
}

fn check_text(text: &[u8]) -> Result<(), String> {
    let own = keys::of::<Extensions>();
    let known: Vec<&str> = STOCK.iter().chain(own).copied().collect();
    let mut json = serde_json::Deserializer::from_slice(text);
    let specification = Json {
        known: Some(&known),
    };
    specification
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| described(&error))
}

/// An error that begins with its place, as the sentences of other files do.
fn described(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    format!("line {line}, column {column}: {reason}")
}

/// Any JSON without a key that stands twice; an object's own keys are among the known, where these are given.
#[derive(Clone, Copy)]
struct Json<'a> {
    known: Option<&'a [&'a str]>,
}

const ANY: Json<'static> = Json { known: None };

impl<'de> DeserializeSeed<'de> for Json<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.known {
            Some(_) => deserializer.deserialize_map(self),
            None => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Json<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chain specification, which is a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if let Some(known) = self.known
                && !known.contains(&key.as_str())
            {
                return Err(A::Error::custom(unknown(&key, known)));
            }
            if seen.contains(&key) {
                let key = key.escape_debug();
                let reason = format!("the key `{key}` stands twice: one of them must go");
                return Err(A::Error::custom(reason));
            }
            seen.insert(key);
            entries.next_value_seed(ANY)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(ANY)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

fn unknown(key: &str, known: &[&str]) -> String {
    let nearest = keys::nearest(key, known.iter().copied());
    let key = key.escape_debug();
    match nearest {
        Some(nearest) => format!("unknown key `{key}`: did you mean `{nearest}`?"),
        None => format!("unknown key `{key}`: possible here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let reason = check_text(text.as_bytes()).unwrap_err();
        assert!(reason.starts_with(expected), "{reason}");
    }

    #[test]
    fn what_the_node_exports_is_taken() {
        for id in ["dev", "local"] {
            let text = super::super::load(id).unwrap().as_json(false).unwrap();
            assert_eq!(check_text(text.as_bytes()), Ok(()), "{id}");
        }
    }

    #[test]
    fn misspelt_keys_are_refused_with_what_was_meant() {
        check(
            "{\n  \"name\": \"ours\",\n  \"finalityDepht\": 10\n}",
            "line 3, column 17: unknown key `finalityDepht`: did you mean `finalityDepth`?",
        );
        for (key, nearest) in [
            ("finality_depth", "finalityDepth"),
            ("checkPoint", "checkpoint"),
            ("minimalWork", "minimumWork"),
            ("bootnodes", "bootNodes"),
        ] {
            check(
                &format!("{{\"{key}\":1}}"),
                &format!(
                    "line 1, column {}: unknown key `{key}`: did you mean `{nearest}`?",
                    key.len() + 3
                ),
            );
        }
        check(
            "{\"colour\":1}",
            "line 1, column 9: unknown key `colour`: possible here: name, id, chainType",
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        check(
            "{\"finalityDepth\":8,\n\"finalityDepth\":9}",
            "line 2, column 15: the key `finalityDepth` stands twice",
        );
        check(
            "{\"genesis\":{\"patch\":[{\"a\":1,\"b\":{},\"a\":2}]}}",
            "line 1, column 38: the key `a` stands twice",
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        check(
            "[]",
            "line 1, column 0: invalid type: sequence, expected a chain spec",
        );
        check("{\"name\":", "line 1, column 8: EOF");
        check("{} {}", "line 1, column 4: trailing characters");
    }
}
