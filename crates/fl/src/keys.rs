//! Keys in files that people write: which a table takes, and which one was meant.

use core::{
    fmt::{self, Display},
    iter,
};
use serde::de::{self, DeserializeOwned, value::MapDeserializer};

/// Likeness, from 0 to 1, from which on a word may be a misspelling of another.
const LIKENESS_MIN: f64 = 0.8;

/// The keys of a table that becomes a `T`; none where it takes any.
///
/// ```
/// use fedchain_fl::{Windows, keys};
/// assert_eq!(keys::of::<Windows>(), ["commit_blocks", "settle_blocks", "reveal_blocks"]);
/// ```
pub fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    // A type that refuses unknown keys names the others when it meets one.
    let unknown = iter::once(("", ()));
    match T::deserialize(MapDeserializer::<_, Known>::new(unknown)) {
        Err(Known(keys)) => keys,
        Ok(_) => &[],
    }
}

/// The word that was meant, if one of the known is like what was written.
///
/// ```
/// use fedchain_fl::keys::nearest;
/// assert_eq!(nearest("stratgey", ["norm", "strategy"]), Some("strategy"));
/// assert_eq!(nearest("colour", ["norm", "strategy"]), None);
/// ```
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(written, word), word));
    likeness
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// The keys that an unknown one was not among.
#[derive(Debug)]
struct Known(&'static [&'static str]);

impl Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the keys are {:?}", self.0)
    }
}

impl core::error::Error for Known {}

impl de::Error for Known {
    fn custom<T: Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_field(_: &str, keys: &'static [&'static str]) -> Self {
        Self(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FederationSpec, TaskSpec};

    #[test]
    fn misspelt_and_former_keys_have_a_nearest() {
        let task = keys_of_task();
        for (written, expected) in [
            ("stratgey", Some("strategy")),
            ("norms", Some("norm")),
            ("norm_max", Some("norm")),
            ("norm_bound", Some("norm")),
            ("optimizer", Some("optimiser")),
            ("learning_rate", None),
            ("", None),
        ] {
            assert_eq!(
                nearest(written, task.iter().copied()),
                expected,
                "{written}"
            );
        }
        let spec = of::<FederationSpec<u128>>();
        assert_eq!(nearest("gates", spec.iter().copied()), Some("gate"));
    }

    fn keys_of_task() -> &'static [&'static str] {
        let keys = of::<TaskSpec>();
        assert_eq!(keys.len(), 7);
        keys
    }

    #[test]
    fn what_takes_any_key_has_none() {
        assert!(of::<alloc::collections::BTreeMap<String, ()>>().is_empty());
    }
}
