//! A certified federation whose moments are those of independent columns: anybody can solve it.

#![allow(
    clippy::expect_used,
    reason = "a benchmark may panic: that is how it fails"
)]

use alloc::{vec, vec::Vec};
use codec::Encode;
use fedchain_commitment::{Part, parts, spec_hash, values_root};
use fedchain_fl::{
    Format, H256, Initial, LeastSquares, ModelSpec, Optimiser, Shape, Strategy,
    limits::{CERTIFIED_FEATURES_MAX, CHUNK_BYTES},
};
use fedchain_verifier::optimality::{Moments, Problem, REFUTATION_MAX, Solution};
use frame_support::BoundedVec;

use super::scene::{Scene, columns, decimal, open_window};
use crate::{
    pallet::*,
    types::{Answer, MOMENT_BYTES_MAX, MomentSum, Phase},
};

/// Chunks of the largest moments.
pub const MOMENT_CHUNKS: u32 = MOMENT_BYTES_MAX.div_ceil(CHUNK_BYTES);
/// Weights of the largest regression.
const MOMENT_WEIGHTS: usize = CERTIFIED_FEATURES_MAX as usize + 1;
/// Rows of each client.
pub const ROWS: u32 = 1_000;
const TERMS: LeastSquares = LeastSquares {
    penalty: decimal(1, -3),
    epsilon: decimal(1, -4),
};

/// The most features whose moments need no more than so many chunks.
fn features(chunks: u32) -> u32 {
    (1..=CERTIFIED_FEATURES_MAX)
        .rev()
        .find(|features| shape(*features).moment_bytes() <= chunks * CHUNK_BYTES)
        .unwrap_or(1)
}

fn shape(features: u32) -> Shape {
    Shape::new(features).expect("in range")
}

/// A scene with a certified regression whose moments need so many chunks.
pub fn scene<T: Config>(chunks: u32) -> Scene<T> {
    let mut scene = Scene::<T>::new(1);
    scene.spec.gate = None;
    let task = &mut scene.spec.task;
    task.model = ModelSpec::Linear;
    task.initial = Initial::Zeros;
    task.format = Format::default();
    task.strategy = Strategy::LeastSquares(TERMS);
    task.norm = None;
    task.optimiser = Optimiser::Adopt;
    task.schema.features = columns(features(chunks));
    let (hash, features) = (spec_hash(task), task.schema.features.len() as u32);
    Specs::<T>::insert(scene.id, scene.spec.clone());
    scene.change(|state| {
        state.spec_hash = hash;
        state.param_count = features + 1;
    });
    scene
}

/// Moments of rows whose columns have nothing to do with each other.
fn moments<T: Config>(scene: &Scene<T>, rows: u32) -> Moments {
    let shape = shape(scene.spec.task.schema.features.len() as u32);
    let square = i64::from(rows) << 24;
    let mut values = vec![];
    for row in 0..shape.weights() {
        values.extend((0..row).map(|_| 0));
        values.push(square);
    }
    values.resize(shape.moments() as usize, 0i64);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Moments::decode(shape, rows, &bytes).expect("possible")
}

/// The part that reveals a client's moments, and their root.
pub fn part<T: Config>(scene: &Scene<T>) -> (Part, H256) {
    let bytes = moments(scene, ROWS).encode();
    let part = parts(&bytes).pop().expect("one part");
    (part, values_root(&bytes))
}

/// Lets so many clients have their moments counted; answers them in ascending order.
pub fn count<T: Config>(scene: &Scene<T>, clients: u32) -> Vec<T::AccountId> {
    let bytes = moments(scene, ROWS).encode();
    let mut accounts: Vec<_> = (0..clients).map(|index| scene.join(index)).collect();
    for client in &accounts {
        let answer = Answer::Accepted {
            sample_count: ROWS,
            values_root: Default::default(),
        };
        let chunks = scene.spec.task.update_chunks();
        scene.commit(client, Default::default(), answer, chunks);
        Pallet::<T>::stage(scene.id, client, 0, &bytes);
    }
    sum(scene, clients * ROWS);
    accounts.sort();
    accounts
}

/// Stores the sum of the moments of so many rows.
pub fn sum<T: Config>(scene: &Scene<T>, rows: u32) {
    let values = BoundedVec::truncate_from(moments(scene, rows).encode());
    MomentSums::<T>::insert(scene.id, MomentSum { rows, values });
}

/// Waits for a solution; answers the bytes of the owner's call that hands it in, for the moments of one
/// client.
pub fn solve<T: Config>(scene: &Scene<T>, left_out: Vec<T::AccountId>) -> Vec<u8> {
    scene.open_round(Phase::Certify {
        pause: None,
        window: None,
    });
    let call = Call::<T>::certify {
        federation: scene.id,
        left_out: BoundedVec::truncate_from(left_out),
        solution: BoundedVec::truncate_from(solution(scene, ROWS)),
    };
    call.encode()
}

/// Lets one of two clients' moments be of no rows; answers the bytes of the call that proves it.
pub fn refute<T: Config>(scene: &Scene<T>) -> Vec<u8> {
    let clients = count(scene, 2);
    let liar = clients.first().expect("two");
    let mut values = moments(scene, ROWS).into_values();
    let (first, product) = (0, 1);
    values[first] = 0;
    values[product] = i64::from(ROWS) << 30;
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Pallet::<T>::stage(scene.id, liar, 0, &bytes);
    scene.open_round(Phase::Certify {
        pause: None,
        window: Some(open_window()),
    });
    scene.change(|state| {
        state.round.committed = 2;
        state.round.revealed = 2;
        state.round.accepted = 2;
    });
    let most = REFUTATION_MAX as i64;
    let mut vector = vec![0i64; MOMENT_WEIGHTS + 1];
    vector[0] = most;
    vector[1] = -most;
    let vector: Vec<u8> = vector.iter().flat_map(|v| v.to_le_bytes()).collect();
    let call = Call::<T>::refute {
        federation: scene.id,
        client: liar.clone(),
        vector: BoundedVec::truncate_from(vector),
    };
    call.encode()
}

/// The bytes of the solution for so many rows.
fn solution<T: Config>(scene: &Scene<T>, rows: u32) -> Vec<u8> {
    let penalty = TERMS.penalty_units().expect("in range");
    let format = scene.spec.task.format;
    let problem = Problem::new(moments(scene, rows), penalty, 1, format).expect("possible");
    let (squares, ridge) = problem.matrix();
    let mu = ridge as u64 / 2;
    let root = |entry: i64| match entry {
        0 => 0,
        square => (i128::from(square + ridge - mu as i64) << 40).isqrt() as i64,
    };
    let weights = vec![0; problem.right_side().len()];
    let solution = Solution {
        mu,
        weights,
        witness: squares.iter().map(|entry| root(*entry)).collect(),
    };
    solution.encode()
}
