//! What a lying node's blocks are refused for.

use sp_runtime::{Digest, traits::Header as _};

use super::*;

/// A genesis block whose state is not known.
fn genesis() -> (Head, Header) {
    let none = H256::zero();
    let header = Header::new(0, none, none, none, Digest::default());
    let head = Head {
        number: 0,
        hash: header.hash(),
    };
    (head, header)
}

#[test]
fn a_genesis_block_of_another_hash_is_no_start() {
    let (head, header) = genesis();
    let stated = H256::repeat_byte(1);
    let other = Head {
        hash: stated,
        ..head
    };
    let found = head.hash;
    let expected = Broken {
        block: 0,
        flaw: Flaw::Hash { found, stated },
    };
    assert_eq!(Auditor::new(other, &header, &[]).err(), Some(expected));
}

#[test]
fn rules_must_be_proven() {
    let (head, header) = genesis();
    let flaw = Flaw::Rules;
    let expected = Broken { block: 0, flaw };
    assert_eq!(Auditor::new(head, &header, &[]).err(), Some(expected));
}
