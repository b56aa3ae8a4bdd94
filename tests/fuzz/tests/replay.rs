//! The kept corpus, and seeded random input, through the fuzz targets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use pallet_federation::{Event, mock::Test};
use rand::{Rng, SeedableRng, rngs::StdRng};
use scale_info::{TypeDef, TypeInfo, Variant};

/// Runs every file of a corpus, and so many random inputs of up to `length` bytes.
fn replay(name: &str, mut target: impl FnMut(&[u8]), count: u64, length: usize) {
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
fn calls_keep_the_invariants_and_reach_every_event() {
    let mut seen = BTreeSet::new();
    replay(
        "calls",
        |data| seen.extend(fedchain_fuzz::calls(data)),
        300,
        1_000,
    );
    let TypeDef::Variant(events) = Event::<Test>::type_info().type_def else {
        panic!("events are an enum");
    };
    let unseen = |event: &&Variant<_>| !seen.contains(&event.index);
    let missing: Vec<_> = events
        .variants
        .iter()
        .filter(unseen)
        .map(|event| event.name)
        .collect();
    assert!(missing.is_empty(), "the corpus never reaches {missing:?}");
}

#[test]
fn decoders_hold() {
    replay("decoders", fedchain_fuzz::decoders, 50_000, 300);
}

#[test]
fn chains_take_no_lie() {
    replay("headers", fedchain_fuzz::headers, 20_000, 600);
}

#[test]
fn receipts_show_no_lie() {
    replay("receipts", fedchain_fuzz::receipts, 2_000, 300);
}
