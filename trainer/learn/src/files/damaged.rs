//! Model files with some bytes changed or their end cut off: they are read or refused, and nothing panics.

use std::fs;

use fedchain_fl::{H256, view::ModelView};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{read, write};
use crate::tests::softmax;

/// Damaged copies of each file.
const COPIES: usize = 400;

#[test]
fn damaged_models_are_read_or_refused() {
    let task = softmax();
    let model = ModelView {
        federation: 0,
        round: 1,
        root: H256::default(),
        frac_bits: 16,
        param_count: 9,
        offset: 0,
        values: vec![7; 9],
    };
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(7);
    for name in ["model.npy", "model.safetensors", "model.json"] {
        let path = folder.path().join(name);
        write(&path, &task, &model).unwrap();
        let bytes = fs::read(&path).unwrap();
        for _ in 0..COPIES {
            let mut copy = bytes.clone();
            if random.random_ratio(1, 8) {
                copy.truncate(random.random_range(0..bytes.len()));
            }
            for _ in 0..random.random_range(1..4) {
                let place = random.random_range(0..bytes.len());
                if let Some(byte) = copy.get_mut(place) {
                    *byte = random.random();
                }
            }
            fs::write(&path, copy).unwrap();
            let weights = read(&path, &task).map_err(|error| error.to_string());
            assert!(weights.is_err() || weights.is_ok_and(|weights| weights.len() == 9));
        }
    }
}
