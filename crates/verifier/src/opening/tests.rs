//! What opens, and every way in which something else does not.

use std::{vec, vec::Vec};

use fedchain_commitment::{HoldoutOpening, Opening, Tree, parts, values_root};
use fedchain_fl::{
    Decimal, Privacy,
    limits::{CHUNK_BYTES, PART_BYTES_MAX},
};

use super::*;

/// Two parts: the second has one chunk and a bit.
const BYTES: u32 = PART_BYTES_MAX + CHUNK_BYTES + 100;

fn update() -> Vec<u8> {
    (0..BYTES).map(|index| (index / 7) as u8).collect()
}

fn opening() -> Opening<[u8; 4]> {
    Opening {
        genesis: H256::repeat_byte(1),
        federation: 2,
        round: 3,
        spec_hash: H256::repeat_byte(4),
        base_root: H256::repeat_byte(5),
        account: [6; 4],
        sample_count: 7,
        privacy: None,
        param_count: BYTES / 4,
        values_root: values_root(&update()),
        salt: [8; 32],
    }
}

/// The honest commitment; what it should open to lacks the root.
fn committed() -> Committed<Opening<[u8; 4]>> {
    let opening = opening();
    Committed {
        commitment: opening.commitment(),
        opening: Opening {
            values_root: H256::zero(),
            ..opening
        },
        total_bytes: BYTES,
        received: 0,
    }
}

fn part(index: usize) -> Part {
    parts(&update()).swap_remove(index)
}

/// Changes the first part, or what is known of the update, and expects a refusal.
#[track_caller]
fn refuses(change: impl FnOnce(&mut Committed<Opening<[u8; 4]>>, &mut Part), expected: Error) {
    let (mut committed, mut part) = (committed(), part(0));
    change(&mut committed, &mut part);
    assert_eq!(committed.verify(&part), Err(expected));
}

#[test]
fn all_parts_open_in_order() {
    let mut committed = committed();
    for (index, received) in [(0, 16), (1, 18)] {
        let opened = committed.verify(&part(index));
        let values_root = values_root(&update());
        let expected = Opened {
            values_root,
            received,
        };
        assert_eq!(opened, Ok(expected));
        committed.received = received;
    }
}

#[test]
fn nothing_opens_out_of_place_or_twice() {
    let (expected, found) = (0, 16);
    let out_of_order = Error::Order { expected, found };
    assert_eq!(committed().verify(&part(1)), Err(out_of_order));
    let replayed = Error::Order {
        expected: 16,
        found: 0,
    };
    refuses(|committed, _| committed.received = 16, replayed);
}

#[test]
fn other_sizes_are_refused_before_anything_is_hashed() {
    let sized = |values: Vec<u8>| {
        let bytes = values.len() as u32;
        let mut part = part(0);
        part.values = values.try_into().unwrap();
        let size = Error::Size(FlError::Part { first: 0, bytes });
        assert_eq!(committed().verify(&part), Err(size));
    };
    sized(vec![]);
    sized(vec![0; CHUNK_BYTES as usize + 1]);
    sized(vec![0; PART_BYTES_MAX as usize - 1]);
    let larger = Error::Size(FlError::Part {
        first: 0,
        bytes: PART_BYTES_MAX,
    });
    refuses(|committed, _| committed.total_bytes = CHUNK_BYTES, larger);
}

#[test]
fn another_value_proof_or_length_opens_nothing() {
    for place in [0, CHUNK_BYTES as usize, PART_BYTES_MAX as usize - 1] {
        refuses(|_, part| part.values[place] ^= 1, Error::Commitment);
    }
    refuses(
        |_, part| part.proof[0] = H256::repeat_byte(9),
        Error::Commitment,
    );
    refuses(|_, part| part.proof.clear(), Error::Proof);
    refuses(
        |_, part| part.proof.try_push(H256::zero()).unwrap(),
        Error::Proof,
    );
    refuses(
        |committed, _| committed.total_bytes = BYTES + CHUNK_BYTES,
        Error::Commitment,
    );
}

#[test]
fn nothing_else_that_was_committed_to_can_change() {
    let change = |change: fn(&mut Opening<[u8; 4]>)| {
        refuses(
            |committed, _| change(&mut committed.opening),
            Error::Commitment,
        );
    };
    change(|it| it.genesis = H256::zero());
    change(|it| it.federation = 0);
    change(|it| it.round = 4);
    change(|it| it.spec_hash = H256::zero());
    change(|it| it.base_root = H256::zero());
    change(|it| it.account = [7; 4]);
    change(|it| it.sample_count = 8);
    change(|it| {
        it.privacy = Some(Privacy {
            epsilon: Decimal::whole(1),
            delta: Decimal::whole(0),
        });
    });
    change(|it| it.param_count = 1);
    change(|it| it.salt = [0; 32]);
    refuses(
        |committed, _| committed.commitment = H256::zero(),
        Error::Commitment,
    );
}

#[test]
fn a_holdout_opens_likewise_and_only_as_itself() {
    let opening = HoldoutOpening {
        genesis: H256::repeat_byte(1),
        federation: 2,
        round: 3,
        spec_hash: H256::repeat_byte(4),
        account: [6; 4],
        values_root: Tree::Holdout.root_of(&update()),
        salt: [8; 32],
    };
    let part = || Tree::Holdout.parts(&update()).swap_remove(0);
    let holdout = Committed {
        commitment: opening.commitment(),
        opening: HoldoutOpening {
            values_root: H256::zero(),
            ..opening
        },
        total_bytes: BYTES,
        received: 0,
    };
    assert_eq!(holdout.verify(&part()).unwrap().received, 16);
    let mut other = part();
    other.values[0] ^= 1;
    assert_eq!(holdout.verify(&other), Err(Error::Commitment));
    let change = |change: fn(&mut HoldoutOpening<[u8; 4]>)| {
        let mut changed = holdout.clone();
        change(&mut changed.opening);
        assert_eq!(changed.verify(&part()), Err(Error::Commitment));
    };
    change(|it| it.genesis = H256::zero());
    change(|it| it.federation = 0);
    change(|it| it.round = 4);
    change(|it| it.spec_hash = H256::zero());
    change(|it| it.account = [7; 4]);
    change(|it| it.salt = [0; 32]);
    // Neither is the other, whatever the fields.
    let commitment = holdout.commitment;
    refuses(|it, _| it.commitment = commitment, Error::Commitment);
}
