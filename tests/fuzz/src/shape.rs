//! Specs of federations, most of them sound.

use fedchain_commitment::values_root;
use fedchain_fl::{
    Adaptive, Contributions, Decimal, FederationSpec, Gate, Initial, Membership, ModelSpec,
    NormRule, Optimiser, Strategy, TaskSpec, Width,
};
use pallet_federation::mock::{Balance, gated, spec as plain};

use crate::{calls::Shape, certified};

/// Numbers of weights: one part, two chunks, two parts.
const SIZES: [u32; 8] = [1, 1, 3, 3, 3, 5_000, 5_000, 70_000];

/// The spec of a shape.
pub(crate) fn spec_of(shape: &Shape) -> FederationSpec<Balance> {
    let mut spec = plain();
    spec.clients_min = u32::from(shape.clients_min % 6);
    spec.clients_max = spec.clients_min + u32::from(shape.more_clients % 3);
    spec.rounds_max = u32::from(shape.rounds_max % 4);
    if shape.is_open {
        spec.membership = Membership::Open;
    }
    let param_count = SIZES[usize::from(shape.size) % SIZES.len()];
    spec.task.model = ModelSpec::Opaque { param_count };
    if shape.is_uploaded {
        let root = values_root(&initial_bytes(param_count));
        spec.task.initial = Initial::Uploaded { root };
    } else if shape.is_narrow {
        spec.task.format.width = Width::I16;
        spec.task.format.frac_bits = 8;
    }
    spec.quorum = [50, 0, 99][usize::from(shape.more_clients / 3 % 3)];
    spec.task.strategy = strategy(shape.strategy);
    spec.task.norm = match shape.norm % 4 {
        0 => None,
        1 if spec.task.strategy.bad_max().is_none() => Some(NormRule::Reject { max: 1_000 }),
        1 | 2 => Some(NormRule::Clip { max: 1_000 }),
        _ => Some(NormRule::ClipToMedian),
    };
    spec.task.optimiser = optimiser(shape.optimiser);
    if shape.rounds_max / 4 % 8 == 7 {
        spec.task.model = ModelSpec::Linear;
        spec.gate = gated().gate.map(|gate| Gate {
            contributions: contributions(shape.rounds_max / 32),
            ..gate
        });
    }
    if spec.task.strategy.terms().is_some() {
        let plain = plain();
        spec.task = TaskSpec {
            strategy: spec.task.strategy,
            ..plain.task
        };
        spec.task.format.frac_bits = 24;
    }
    spec
}

/// The initial model that uploading federations are created for: zeros of 32 bits.
pub(crate) fn initial_bytes(params: u32) -> Vec<u8> {
    vec![0; params as usize * 4]
}

fn strategy(choice: u8) -> Strategy {
    let f = u32::from(choice / 8 % 3);
    match choice % 8 {
        0 => Strategy::FedAvg,
        1 => certified::strategy(),
        2 => Strategy::Median,
        3 => Strategy::TrimmedMean { trim: f },
        4 => Strategy::Krum { f },
        5 => Strategy::MultiKrum { f, keep: f + 1 },
        6 => Strategy::Bulyan { f },
        _ => Strategy::GeometricMedian,
    }
}

fn contributions(choice: u8) -> Contributions {
    match choice % 3 {
        0 => Contributions::Unmeasured,
        1 => Contributions::Recorded,
        _ => Contributions::Paid,
    }
}

fn optimiser(choice: u8) -> Optimiser {
    let decimal = |mantissa, exponent| Decimal { mantissa, exponent };
    let adaptive = Adaptive {
        beta1: decimal(9, -1),
        beta2: decimal(99, -2),
        rate: decimal(1, -1),
        tau: decimal(1, -3),
    };
    match choice % 4 {
        0 => Optimiser::Adopt,
        1 => Optimiser::FedAvgM {
            momentum: decimal(9, -1),
            rate: decimal(15, -1),
        },
        2 => Optimiser::FedAdam(adaptive),
        _ => Optimiser::FedYogi(adaptive),
    }
}
