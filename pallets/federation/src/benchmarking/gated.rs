//! A federation with the most evaluators, and the costliest holdout.

#![allow(
    clippy::expect_used,
    reason = "a benchmark may panic: that is how it fails"
)]

use alloc::{vec, vec::Vec};
use codec::Encode;
use fedchain_commitment::{HoldoutOpening, Tree};
use fedchain_fl::{
    Format, H256, Initial, ModelSpec, NormRule, Optimiser, Strategy, TaskSpec,
    limits::{EVALUATORS_MAX, FEATURES_MAX, HOLDOUT_ROWS_MAX, PART_BYTES_MAX, PART_CHUNKS_MAX},
    score::{Holdout, operations},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

use super::scene::{Scene, columns, open_window};
use crate::{pallet::*, types::Phase};

/// Thousands of operations of the costliest judgement that is measured.
pub const SCORE_THOUSANDS: u32 = 50_000;
/// Features of the holdouts that are revealed: 256 of their rows are so many whole chunks.
const FEATURES: u32 = PART_CHUNKS_MAX * 16 - 1;
const ROW_BYTES: u32 = (FEATURES + 1) * 4;

/// A scene in the gate of its first round.
pub fn scene<T: Config>() -> Scene<T> {
    let mut scene = Scene::<T>::new(1);
    scene.spec.task = linear(FEATURES);
    set_rows(&mut scene, PART_BYTES_MAX / ROW_BYTES);
    scene.open_round(Phase::Gate {
        opens_at: 0,
        window: open_window(),
    });
    scene
}

fn set_rows<T: Config>(scene: &mut Scene<T>, rows: u32) {
    scene.spec.gate.as_mut().expect("it has one").rows = rows;
    Specs::<T>::insert(scene.id, scene.spec.clone());
}

fn linear(features: u32) -> TaskSpec {
    TaskSpec {
        model: ModelSpec::Linear,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: Strategy::FedAvg,
        norm: None::<NormRule>,
        optimiser: Optimiser::Adopt,
        schema: fedchain_fl::Schema {
            features: columns(features),
            target: fedchain_fl::Target::Real(columns(1).pop().expect("one")),
        },
    }
}

/// Holdouts of all evaluators for this round, whole.
fn pledge_all<T: Config>(scene: &Scene<T>) {
    for index in 0..EVALUATORS_MAX {
        let evaluator = scene.appoint(index);
        let hash = H256::repeat_byte(1);
        scene.pledge(1, &evaluator, hash, 0);
        Holdouts::<T>::mutate((scene.id, 1, &evaluator), |pledge| {
            pledge.as_mut().expect("inserted above").root = Some(hash);
        });
    }
}

/// Has all evaluators but one revealed; answers that one and the bytes of the call with its whole
/// holdout, which has so many chunks.
pub fn reveal<T: Config>(scene: &Scene<T>, chunks: u32) -> (T::AccountId, Vec<u8>) {
    pledge_all(scene);
    let mut spec = scene.spec.clone();
    let rows = PART_BYTES_MAX / ROW_BYTES * chunks / PART_CHUNKS_MAX;
    spec.gate.as_mut().expect("it has one").rows = rows;
    let bytes = vec![1; Holdout::bytes(&spec.task, rows) as usize];
    Specs::<T>::insert(scene.id, spec);
    let evaluator = scene.appoint(EVALUATORS_MAX);
    let part = Tree::Holdout.parts(&bytes).pop().expect("there is one");
    let salt = [0; 32];
    let opening = HoldoutOpening {
        genesis: frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()),
        federation: scene.id,
        round: 1,
        spec_hash: scene.state().spec_hash,
        account: &evaluator,
        values_root: Tree::Holdout.root_of(&bytes),
        salt,
    };
    scene.pledge(1, &evaluator, opening.commitment(), 0);
    let call = Call::<T>::reveal_holdout {
        federation: scene.id,
        round: 1,
        salt,
        part,
    };
    (evaluator, call.encode())
}

/// A task, a model and a holdout whose loss takes so many thousand operations or somewhat less, with
/// numbers as large as there are.
pub fn costly(thousands: u32) -> (TaskSpec, Vec<i32>, Holdout) {
    let mut task = linear(FEATURES_MAX.min(thousands));
    let hidden = |units: u32| ModelSpec::Mlp {
        hidden: vec![units as u16].try_into().expect("one layer"),
    };
    let most = u64::from(thousands) * 1_000;
    let rows = (1..=HOLDOUT_ROWS_MAX.min(Holdout::rows_max(&task)))
        .rev()
        .find(|rows| operations(&task, *rows) <= most)
        .unwrap_or(1);
    let wider = (1..=512).rev().map(hidden).find(|model| {
        let task = TaskSpec {
            model: model.clone(),
            ..task.clone()
        };
        operations(&task, rows) <= most
    });
    if let Some(model) = wider {
        task.model = model;
    }
    let weights = task.param_count().expect("few enough") as usize;
    let values = rows as usize * (task.schema.features.len() + 1);
    let holdout = Holdout::new(&task, vec![i32::MAX; values]);
    (task, vec![i32::MIN; weights], holdout.expect("whole rows"))
}
