//! The wire formats, pinned: a change here is a new protocol version.
//!
//! The hashes were computed from the documented encodings by another implementation of blake2b.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use codec::{Decode, Encode};
use fedchain_commitment::{
    Accepted, HoldoutOpening, Opening, Tree, accepted_root, spec_hash, values_root,
};
use fedchain_fl::{
    Column, Decimal, Format, H256, Initial, ModelSpec, NormRule, Optimiser, Privacy, Schema,
    Strategy, Target, TaskSpec, Width,
};

fn task() -> TaskSpec {
    let column = |name: &str| {
        Column::number(
            name.parse().unwrap(),
            "1.5".parse().unwrap(),
            Decimal::whole(2),
        )
    };
    TaskSpec {
        model: ModelSpec::Linear,
        initial: Initial::Seeded(7),
        format: Format {
            frac_bits: 16,
            width: Width::I32,
        },
        strategy: Strategy::TrimmedMean { trim: 1 },
        norm: Some(NormRule::Reject { max: 65_536 }),
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: vec![column("age"), column("bmi")].try_into().unwrap(),
            target: Target::Real(column("y")),
        },
    }
}

fn opening() -> Opening<[u8; 32]> {
    Opening {
        genesis: H256::repeat_byte(1),
        federation: 2,
        round: 3,
        spec_hash: spec_hash(&task()),
        base_root: values_root(&[0; 12]),
        account: [4; 32],
        sample_count: 5,
        privacy: privacy(),
        param_count: 3,
        values_root: values_root(&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
        salt: [6; 32],
    }
}

fn holdout_opening() -> HoldoutOpening<[u8; 32]> {
    HoldoutOpening {
        genesis: H256::repeat_byte(1),
        federation: 2,
        round: 3,
        spec_hash: H256::repeat_byte(5),
        account: [4; 32],
        values_root: H256::repeat_byte(7),
        salt: [6; 32],
    }
}

fn privacy() -> Option<Privacy> {
    Some(Privacy {
        epsilon: "1.5".parse().unwrap(),
        delta: "1e-5".parse().unwrap(),
    })
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn the_task_encoding_is_pinned() {
    let bytes = task().encode();
    assert_eq!(hex(&bytes), TASK);
    assert_eq!(TaskSpec::decode(&mut bytes.as_slice()), Ok(task()));
}

#[test]
fn the_hashes_are_pinned() {
    assert_eq!(hex(spec_hash(&task())), SPEC_HASH);
    assert_eq!(hex(values_root(&[7; 40_000])), VALUES_ROOT);
    assert_eq!(hex(Tree::Holdout.root_of(&[7; 40_000])), HOLDOUT_ROOT);
    assert_eq!(hex(opening().commitment()), COMMITMENT);
    assert_eq!(hex(holdout_opening().commitment()), HOLDOUT_COMMITMENT);
    let accepted = |account| Accepted {
        account,
        sample_count: 9,
        values_root: H256::repeat_byte(1),
    };
    assert_eq!(
        hex(accepted_root(&mut [accepted([2u8; 32]), accepted([1; 32])])),
        ACCEPTED_ROOT
    );
}

/// The rows of the table in the documented protocol: bytes of a field, and their hexadecimal digits.
fn documented() -> Vec<(String, String)> {
    let document = include_str!("../../../docs/protocol.md");
    let (_, section) = document.split_once("### Byte by byte").unwrap();
    let table = section
        .lines()
        .skip_while(|line| !line.starts_with("| --- "));
    let rows = table.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').rsplit('|').map(str::trim);
        let digits = cells.next().unwrap().trim_matches('`');
        (cells.next().unwrap().to_owned(), digits.to_owned())
    })
    .collect()
}

#[test]
fn the_document_shows_the_bytes_that_are_hashed() {
    let rows = documented();
    for (bytes, digits) in &rows {
        let bytes = bytes.rsplit(' ').next().unwrap();
        assert_eq!(bytes.parse::<usize>(), Ok(digits.len() / 2), "{digits}");
    }
    let hashed = (b"fedchain/commitment", 1u8, opening()).encode();
    let digits: String = rows.into_iter().map(|(_, digits)| digits).collect();
    assert_eq!(digits, hex(&hashed));
    assert_eq!(hashed.len(), 247);
    assert_eq!(hex(sp_crypto_hashing::blake2_256(&hashed)), COMMITMENT);
    let document = include_str!("../../../docs/protocol.md");
    assert!(document.contains(&format!("It is `{COMMITMENT}`.")));
}

#[test]
fn a_change_in_any_field_changes_the_commitment() {
    let original = opening();
    let other = H256::repeat_byte(9);
    let changed = [
        Opening {
            genesis: other,
            ..original.clone()
        },
        Opening {
            federation: 9,
            ..original.clone()
        },
        Opening {
            round: 9,
            ..original.clone()
        },
        Opening {
            spec_hash: other,
            ..original.clone()
        },
        Opening {
            base_root: other,
            ..original.clone()
        },
        Opening {
            account: [9; 32],
            ..original.clone()
        },
        Opening {
            sample_count: 9,
            ..original.clone()
        },
        Opening {
            privacy: None,
            ..original.clone()
        },
        Opening {
            param_count: 9,
            ..original.clone()
        },
        Opening {
            values_root: other,
            ..original.clone()
        },
        Opening {
            salt: [9; 32],
            ..original.clone()
        },
    ];
    for opening in changed {
        assert_ne!(opening.commitment(), original.commitment(), "{opening:?}");
    }
}

const TASK: &str = "00010700000000000000100102010000000100000001000000000000080c6167650f000000000000\
     00ff02000000000000000000000c626d690f00000000000000ff0200000000000000000000000479\
     0f00000000000000ff0200000000000000000000";
const SPEC_HASH: &str = "21c21798ac2c3384d3e09aabd8333a489bdcdaeddec70505a2800fbe4b730d01";
const VALUES_ROOT: &str = "ba94a9bb45b31f3c37c6bab9e4295439bbc037127e4c65b1e5dacc7750b353b8";
const HOLDOUT_ROOT: &str = "818c7c46b2f96b9d82f94feb17eba053c058f38b0498061281987a67f4bc030c";
const COMMITMENT: &str = "3453cb8651995112ff6a45974219288c9e908a9d8e6850af2920db4defd59a51";
const ACCEPTED_ROOT: &str = "6a332980c1e046a9cfa4e9d90b3f752cdf22eccff8c4473793fad17a00734af9";
const HOLDOUT_COMMITMENT: &str = "24f2c9abda68ceb4ab410a6f4d4daccac249b98c429bbc784f0cc931270e2739";
