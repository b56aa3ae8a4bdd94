//! What the values of a column are, by its type, and how they are written.

use chrono::DateTime;
use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical},
    record::Field,
    schema::types::Type,
};

/// What a column holds that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers, text or Booleans.
    Plain,
    /// Days.
    Date,
    /// Times of a day of the calendar.
    Time {
        ticks_per_second: i64,
        /// In UTC, and said so; else of a place that is not named.
        is_utc: bool,
    },
}

/// How exactly the times of a column are written: as its most exact one needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    Days,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

const SECONDS_PER_DAY: i64 = 86_400;

impl Kind {
    /// What a column holds, or the name of its type where that cannot be read.
    pub(super) fn of(field: &Type) -> Result<Self, String> {
        let info = field.get_basic_info();
        if !field.is_primitive() || info.repetition() == Repetition::REPEATED {
            return Err("a nested one".into());
        }
        let (physical, converted) = (field.get_physical_type(), info.converted_type());
        let logical = info.logical_type_ref();
        // What has a logical type only would be taken for something else.
        let is_plain = converted == ConvertedType::NONE && logical.is_none();
        let time = |ticks_per_second, is_utc| {
            Ok(Self::Time {
                ticks_per_second,
                is_utc,
            })
        };
        match (physical, converted, logical) {
            (Physical::INT32, ConvertedType::DATE, _)
            | (Physical::INT32, _, Some(LogicalType::Date)) => Ok(Self::Date),
            (Physical::INT64, _, Some(LogicalType::Timestamp(of))) => match of.unit {
                TimeUnit::MILLIS => time(1_000, of.is_adjusted_to_u_t_c),
                TimeUnit::MICROS => time(1_000_000, of.is_adjusted_to_u_t_c),
                TimeUnit::NANOS => time(1_000_000_000, of.is_adjusted_to_u_t_c),
            },
            (Physical::INT64, ConvertedType::TIMESTAMP_MILLIS, None) => time(1_000, false),
            (Physical::INT64, ConvertedType::TIMESTAMP_MICROS, None) => time(1_000_000, false),
            (Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE, ..) => Ok(Self::Plain),
            (Physical::INT32 | Physical::INT64, ..) if is_plain => Ok(Self::Plain),
            (
                Physical::INT32 | Physical::INT64,
                ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
                | ConvertedType::DECIMAL,
                _,
            ) => Ok(Self::Plain),
            (
                Physical::BYTE_ARRAY,
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::DECIMAL,
                _,
            ) => Ok(Self::Plain),
            (Physical::FIXED_LEN_BYTE_ARRAY, ConvertedType::DECIMAL, _)
            | (Physical::FIXED_LEN_BYTE_ARRAY, _, Some(LogicalType::Float16)) => Ok(Self::Plain),
            (_, ConvertedType::NONE, Some(logical)) => Err(format!("{logical:?}")),
            (physical, ConvertedType::NONE, None) => Err(physical.to_string()),
            (_, converted, _) => Err(converted.to_string()),
        }
    }

    /// The precision that a value needs.
    pub(super) fn precision(self, value: &Field) -> Precision {
        let (
            Self::Time {
                ticks_per_second, ..
            },
            Some(ticks),
        ) = (self, ticks(value))
        else {
            return Precision::Days;
        };
        let nanos = i128::from(ticks) * 1_000_000_000 / i128::from(ticks_per_second);
        match nanos {
            nanos if nanos % 1_000 != 0 => Precision::Nanos,
            nanos if nanos % 1_000_000 != 0 => Precision::Micros,
            nanos if nanos % 1_000_000_000 != 0 => Precision::Millis,
            nanos if nanos % (i128::from(SECONDS_PER_DAY) * 1_000_000_000) != 0 => {
                Precision::Seconds
            }
            _ => Precision::Days,
        }
    }

    /// A value as a cell: floats by the fewest digits that say which they are, dates and times as pandas
    /// writes them in CSV. `precision` is that of the column.
    pub(super) fn text(self, value: &Field, precision: Precision) -> String {
        let dated = match (self, ticks(value)) {
            (Self::Date, Some(days)) => days
                .checked_mul(SECONDS_PER_DAY)
                .and_then(|seconds| written(seconds, 0, Precision::Days)),
            (
                Self::Time {
                    ticks_per_second,
                    is_utc,
                },
                Some(ticks),
            ) => {
                let nanos_per_tick = 1_000_000_000 / ticks_per_second;
                let nanos = ticks.rem_euclid(ticks_per_second) * nanos_per_tick;
                let seconds = ticks.div_euclid(ticks_per_second);
                match is_utc {
                    // With a zone each value has the digits that it needs itself.
                    true => {
                        let own = match self.precision(value) {
                            Precision::Days => Precision::Seconds,
                            Precision::Millis => Precision::Micros,
                            own => own,
                        };
                        written(seconds, nanos, own).map(|text| text + "+00:00")
                    }
                    false => written(seconds, nanos, precision),
                }
            }
            _ => None,
        };
        dated.unwrap_or_else(|| match value {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Float(value) => value.to_string(),
            Field::Double(value) => value.to_string(),
            // Without decimal places the point is the last character.
            Field::Decimal(_) => value.to_string().trim_end_matches('.').to_owned(),
            value => value.to_string(),
        })
    }
}

/// The number that stands for a date or time.
fn ticks(value: &Field) -> Option<i64> {
    match value {
        Field::Date(days) | Field::Int(days) => Some((*days).into()),
        Field::Long(ticks) | Field::TimestampMillis(ticks) | Field::TimestampMicros(ticks) => {
            Some(*ticks)
        }
        _ => None,
    }
}

/// A time of the calendar; none beyond the years that have one.
fn written(seconds: i64, nanos: i64, precision: Precision) -> Option<String> {
    let time = DateTime::from_timestamp(seconds, u32::try_from(nanos).ok()?)?;
    let format = match precision {
        Precision::Days => "%Y-%m-%d",
        Precision::Seconds => "%Y-%m-%d %H:%M:%S",
        Precision::Millis => "%Y-%m-%d %H:%M:%S%.3f",
        Precision::Micros => "%Y-%m-%d %H:%M:%S%.6f",
        Precision::Nanos => "%Y-%m-%d %H:%M:%S%.9f",
    };
    Some(time.format(format).to_string())
}
