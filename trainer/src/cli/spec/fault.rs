//! Where in a federation's file stands what its rules refuse.

use std::ops::Range;

use fedchain_fl::{Column, Error, FederationSpec, Name, Target, limits::WINDOW_BLOCKS_MAX};
use serde::Deserialize;
use toml::Spanned;

use crate::cli::written::{self, Mistake};

/// A spec that was read and is refused, with its place.
pub(super) fn mistake<B>(text: &str, spec: &FederationSpec<B>, error: Error) -> Mistake {
    let of_schema = matches!(
        error,
        Error::Duplicate | Error::TargetIsFeature | Error::Category | Error::Scale
    );
    match Outline::of(text).filter(|_| of_schema) {
        Some(outline) => outline.mistake(text, error),
        None => Mistake::at_key(text, path(spec, error), error),
    }
}

/// The key that an error is about.
fn path<B>(spec: &FederationSpec<B>, error: Error) -> &'static [&'static str] {
    match error {
        Error::Clients | Error::TooFewClients { .. } => &["clients_min"],
        Error::TooManyClients { .. } => &["clients_max"],
        Error::Rounds => &["rounds_max"],
        Error::Quorum => &["quorum"],
        Error::Bond => &["bond"],
        Error::SampleCountCap => &["sample_count_max"],
        Error::NeedsInvitation => &["membership"],
        Error::Window => match &spec.gate {
            Some(gate) if gate.blocks > WINDOW_BLOCKS_MAX => &["gate", "blocks"],
            _ => &["windows"],
        },
        Error::RevealWindowTooShort { .. } => &["windows", "reveal_blocks"],
        Error::Gate => &["gate"],
        Error::PaidUnbounded => &["gate", "contributions"],
        Error::GateWindowTooShort { .. } => &["gate", "blocks"],
        Error::ParamCount { .. } | Error::EmptyLayer => &["task", "model"],
        Error::SeededOpaque => &["task", "initial"],
        Error::FracBits { .. } => &["task", "format", "frac_bits"],
        Error::Keep | Error::Certificate | Error::CertificateFormat => &["task", "strategy"],
        Error::RejectBesideBound => &["task", "norm"],
        Error::Optimiser => &["task", "optimiser"],
        Error::TargetMismatch => &["task", "schema", "target"],
        _ => &["task", "schema"],
    }
}

/// The schema, with places.
#[derive(Deserialize)]
struct Outline {
    task: OutlineOfTask,
}

#[derive(Deserialize)]
struct OutlineOfTask {
    schema: OutlineOfSchema,
}

#[derive(Deserialize)]
struct OutlineOfSchema {
    features: Vec<Spanned<Column>>,
    target: Spanned<Target>,
}

impl Outline {
    fn of(text: &str) -> Option<OutlineOfSchema> {
        let document = written::parse(text).ok()?;
        let outline: Self = written::read(text, document, &[]).ok()?;
        Some(outline.task.schema)
    }
}

impl OutlineOfSchema {
    /// The first place with this error.
    fn mistake(&self, text: &str, error: Error) -> Mistake {
        let found = match error {
            Error::Duplicate | Error::TargetIsFeature => self.duplicate(text),
            Error::Scale => self.scale().map(|place| (place, error.to_string())),
            _ => self.category().map(|place| (place, error.to_string())),
        };
        let (place, reason) = found.unwrap_or((self.target.span(), error.to_string()));
        Mistake::at(text, place, reason)
    }

    fn duplicate(&self, text: &str) -> Option<(Range<usize>, String)> {
        let line = |place: &Spanned<Column>| Mistake::at(text, place.span(), "").line();
        let mut before: Vec<&Spanned<Column>> = Vec::new();
        for feature in &self.features {
            let column = feature.get_ref();
            let same = |other: &&&Spanned<Column>| {
                let other = other.get_ref();
                (&other.name, &other.label) == (&column.name, &column.label)
            };
            if let Some(first) = before.iter().find(same) {
                let reason = format!(
                    "{} is a feature already, in line {}: take one of them away",
                    described(column),
                    line(first)
                );
                return Some((feature.span(), reason));
            }
            before.push(feature);
        }
        let target = self.target.get_ref();
        let mut features = self.features.iter();
        if let Some(feature) = features.find(|it| it.get_ref().name == *target.name()) {
            let reason = format!(
                "the target \"{}\" is a feature as well, in line {}: the model would read off what it \
                 shall predict",
                target.name(),
                line(feature)
            );
            return Some((self.target.span(), reason));
        }
        let Target::Classes { labels, .. } = target else {
            return None;
        };
        let is_repeated =
            |(place, label): &(usize, &Name)| labels.iter().take(*place).any(|it| it == *label);
        let (_, label) = labels.iter().enumerate().find(is_repeated)?;
        let reason = format!("the target's label \"{label}\" stands twice: each is one class");
        Some((self.target.span(), reason))
    }

    fn scale(&self) -> Option<Range<usize>> {
        let mut features = self.features.iter();
        let feature = features.find(|feature| feature.get_ref().scale.mantissa <= 0);
        feature.map(Spanned::span)
    }

    /// A number of a column that other features take by its labels.
    fn category(&self) -> Option<Range<usize>> {
        let has_labels = |name: &Name| {
            let mut features = self.features.iter().map(Spanned::get_ref);
            features.any(|feature| feature.name == *name && feature.label.is_some())
        };
        let mut features = self.features.iter();
        let is_mixed = |feature: &&Spanned<Column>| {
            let column = feature.get_ref();
            column.label.is_none() && has_labels(&column.name)
        };
        features.find(is_mixed).map(Spanned::span)
    }
}

/// A feature in words.
fn described(column: &Column) -> String {
    match &column.label {
        Some(label) => format!("\"{}\" with the label \"{label}\"", column.name),
        None => format!("\"{}\"", column.name),
    }
}
