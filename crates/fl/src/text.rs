//! Serde through `Display` and `FromStr`, for types that people write and read as text.

use core::{
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};
use serde::{
    Deserializer, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// Writes any value as its text. For `#[serde(with = "crate::text")]`.
pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads any value from its text.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Err(bare::<T, E>(Unexpected::Signed(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Err(bare::<T, E>(Unexpected::Unsigned(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Err(bare::<T, E>(Unexpected::Float(number)))
    }
}

/// What is said of a number without quotes: what is said of a text that is no `T`.
fn bare<T: FromStr<Err: Display>, E: Error>(number: Unexpected<'_>) -> E {
    match "".parse::<T>() {
        Err(rule) => E::custom(format_args!("{number} stands without quotes: {rule}")),
        Ok(_) => E::invalid_type(number, &"text in quotes"),
    }
}

/// Implements `Serialize` and `Deserialize` through text.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::text::serialize(self, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use serde_as_text;
