//! Small tasks and data for the tests of this module.

mod errors;
mod gradient;
mod methods;
mod pinned;
mod quality;
mod quantise;
mod training;

use fedchain_fl::{
    Column, Decimal, Format, Initial, ModelSpec, Name, Optimiser, Schema, Strategy, Target,
    TaskSpec,
};
use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::data::{Dataset, Targets};

fn column(name: &str) -> Column {
    Column::number(
        name.parse().unwrap(),
        Decimal::whole(100),
        Decimal::whole(10),
    )
}

fn task(model: ModelSpec, target: Target) -> TaskSpec {
    TaskSpec {
        model,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: ["a", "b"].map(column).to_vec().try_into().unwrap(),
            target,
        },
    }
}

/// Two features; a real target with offset 100 and scale 10.
pub(crate) fn linear() -> TaskSpec {
    task(ModelSpec::Linear, Target::Real(column("y")))
}

/// Two features, three labels.
pub(crate) fn softmax() -> TaskSpec {
    let labels: Vec<Name> = ["red", "green", "blue"]
        .map(|label| label.parse().unwrap())
        .into();
    let labels = labels.try_into().unwrap();
    task(
        ModelSpec::Softmax,
        Target::Classes {
            name: "y".parse().unwrap(),
            labels,
        },
    )
}

/// As [`softmax`], with hidden layers of these sizes.
pub(crate) fn mlp(hidden: &[u16]) -> TaskSpec {
    let hidden = hidden.to_vec().try_into().unwrap();
    TaskSpec {
        model: ModelSpec::Mlp { hidden },
        initial: Initial::Seeded(1),
        ..softmax()
    }
}

pub(crate) fn random_features(rows: usize, seed: u64) -> Array2<f64> {
    let mut random = StdRng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, 2), || random.random_range(-2.0..2.0))
}

/// Targets on the plane `2a - 3b + 0.5`, scaled.
fn on_a_plane(rows: usize, seed: u64) -> Dataset {
    let features = random_features(rows, seed);
    let targets = features
        .outer_iter()
        .map(|row| 2.0 * row[0] - 3.0 * row[1] + 0.5)
        .collect();
    Dataset {
        features,
        targets: Some(Targets::Real(targets)),
    }
}

/// Random classes.
fn in_classes(rows: usize, seed: u64) -> Dataset {
    let mut random = StdRng::seed_from_u64(seed);
    let classes = Array1::from_shape_simple_fn(rows, || random.random_range(0..3));
    Dataset {
        features: random_features(rows, seed),
        targets: Some(Targets::Classes(classes)),
    }
}
