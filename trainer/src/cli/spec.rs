//! A federation's file, as people write it.

mod fault;

use std::path::Path;

use fedchain_fl::{
    FederationSpec, Format, Gate, Membership, NormRule, Schema, Strategy, TaskSpec, Windows,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{
    file_error, read_file,
    written::{self, Mistake, Table},
};
use crate::{Error, amount::Amount};

/// Reads and checks a spec; what depends on the runtime is left to the chain.
///
/// # Errors
/// [`Error::File`] with the place of the first mistake.
pub(super) fn read(file: &Path) -> Result<FederationSpec<u128>, Error> {
    parse(&read_file(file)?).map_err(|mistake| file_error(file, mistake))
}

/// The same of a file's text.
pub(super) fn parse(text: &str) -> Result<FederationSpec<u128>, Mistake> {
    let defaults = Choice::of(text).defaults();
    let mut document = written::parse(text)?;
    written::add(&mut document, "task", written::parse(&defaults)?);
    let spec: FederationSpec<Amount> = written::read(text, document, &tables())?;
    spec.check(u32::MAX)
        .map_err(|error| fault::mistake(text, &spec, error))?;
    Ok(spec.map_amounts(|amount| amount.0))
}

fn tables() -> [Table; 6] {
    [
        Table::of::<FederationSpec<Amount>>(""),
        Table::of::<Windows>("[windows]"),
        Table::of::<Gate<Amount>>("[gate]"),
        Table::of::<TaskSpec>("[task]"),
        Table::of::<Format>("[task.format]"),
        Table::of::<Schema>("[task.schema]"),
    ]
}

/// What decides on the strategy of a federation that names none.
#[derive(Default, Deserialize)]
struct Choice {
    membership: Option<Membership>,
    clients_min: Option<u32>,
    task: Option<ChoiceOfTask>,
}

#[derive(Deserialize)]
struct ChoiceOfTask {
    strategy: Option<IgnoredAny>,
}

/// The strategy, and the norm rule that goes with it.
#[derive(Serialize)]
struct Defaults {
    #[serde(skip_serializing_if = "Option::is_none")]
    norm: Option<NormRule>,
    strategy: Strategy,
}

impl Choice {
    /// What a text says; nothing, where it has a mistake that reading the spec will name.
    fn of(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }

    /// What to add to `[task]`, as TOML. Without a strategy: clip to the median norm, then a trimmed mean
    /// that withstands `(clients_min - 1) / 3` bad clients. Where anyone may join, only FedAvg is possible.
    fn defaults(&self) -> String {
        let task = self.task.as_ref();
        if task.is_some_and(|task| task.strategy.is_some()) {
            return String::new();
        }
        let defaults = match self.membership {
            Some(Membership::Open) => Defaults {
                norm: None,
                strategy: Strategy::FedAvg,
            },
            _ => Defaults {
                norm: Some(NormRule::ClipToMedian),
                strategy: Strategy::default_for(self.clients_min.unwrap_or(1)),
            },
        };
        toml::to_string(&defaults).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
