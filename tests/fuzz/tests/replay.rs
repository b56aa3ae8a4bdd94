//! The kept corpus, and seeded random input, through the fuzz targets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Runs every file of a corpus, and so many random inputs of up to `length` bytes.
fn replay(name: &str, target: fn(&[u8]), count: u64, length: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty(), "the corpus {name} is empty");
    for file in files {
        println!("{}", file.display());
        target(&fs::read(&file).unwrap());
    }
    for seed in 0..count {
        println!("seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let mut data = vec![0; random.random_range(0..=length)];
        random.fill(data.as_mut_slice());
        target(&data);
    }
}

#[test]
fn calls_keep_the_invariants() {
    replay(
        "calls",
        |data| {
            fedchain_fuzz::calls(data);
        },
        300,
        1_000,
    );
}

#[test]
fn decoders_hold() {
    replay("decoders", fedchain_fuzz::decoders, 50_000, 300);
}
