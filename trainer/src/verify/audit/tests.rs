//! What a lying node's blocks are refused for, and what may become of a federation.

use fedchain_commitment::accepted_root;
use fedchain_fl::{
    Strategy,
    view::{Outcome, ServerModel},
};
use fedchain_pow::Rules;
use fedchain_receipt::Header;
use sp_runtime::{Digest, traits::Header as _};

use super::*;
use crate::{
    chain::{Head, runtime::Turn},
    verify::replay::{Block, Replay, tests::spec},
};

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

const ALICE: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);

/// An auditor who has seen federation 0 of `ALICE` being created, and as many rounds of it closed as `skipped`
/// says, all without an update.
fn auditor(skipped: u32) -> Auditor {
    let (header, proof) = fedchain_receipt::mock::genesis(Rules::default());
    let head = Head {
        number: 0,
        hash: header.hash(),
    };
    let mut auditor = Auditor::new(head, &header, &proof).unwrap();
    let spec = spec(Strategy::FedAvg, None);
    let model_root = Replay::new(head.hash, 0, spec.clone())
        .unwrap()
        .model_root();
    auditor.create(1, 0, ALICE, spec).unwrap();
    let audited = auditor.federations.get_mut(&0).unwrap();
    for round in 1..=skipped {
        let closed = ServerModel {
            federation: 0,
            round,
            outcome: Outcome::Skipped,
            model_root,
            accepted_root: accepted_root::<[u8; 32]>(&mut []),
            gate_hash: None,
        };
        let block = Block {
            number: 1 + round,
            closed: vec![closed],
            ..Block::default()
        };
        audited.replay.block(block).unwrap();
    }
    auditor
}

/// What becomes of the federation in block 20.
fn end(auditor: &mut Auditor, kind: TurnKind, remover: Option<AccountId>) -> Result<bool, Flaw> {
    let turn = Turn {
        index: Some(1),
        federation: 0,
        kind,
    };
    let found = auditor.end(20, turn, remover);
    found
        .map(|found| found.is_some())
        .map_err(|broken| broken.flaw)
}

#[test]
fn a_federation_is_removed_when_its_last_round_is_closed() {
    // Three rounds, and as many skipped ones that are made up for.
    let mut early = auditor(5);
    let removed = end(&mut early, TurnKind::Removed, Some(ALICE));
    assert_eq!(removed, Err(Flaw::RemovedEarly(0)));
    let mut over = auditor(6);
    assert_eq!(end(&mut over, TurnKind::Removed, Some(ALICE)), Ok(true));
    let again = end(&mut over, TurnKind::Removed, Some(ALICE));
    assert_eq!(again, Err(Flaw::RemovedEarly(0)));
}

#[test]
fn a_federation_is_removed_when_it_was_cancelled() {
    let mut auditor = auditor(0);
    let unasked = end(&mut auditor, TurnKind::Cancelled, None);
    assert_eq!(unasked, Err(Flaw::Ended(0)));
    assert!(!auditor.may_end());
    // Its owner may ask twice.
    for _ in 0..2 {
        assert_eq!(end(&mut auditor, TurnKind::Ending, None), Ok(false));
        assert!(auditor.may_end());
    }
    let early = end(&mut auditor, TurnKind::Removed, Some(ALICE));
    assert_eq!(early, Err(Flaw::RemovedEarly(0)));
    assert_eq!(end(&mut auditor, TurnKind::Cancelled, None), Ok(false));
    assert!(!auditor.may_end());
    assert_eq!(end(&mut auditor, TurnKind::Removed, None), Ok(true));
    let ended = end(&mut auditor, TurnKind::Ending, None);
    assert_eq!(ended, Err(Flaw::Ended(0)));
}

#[test]
fn only_its_owner_removes_a_federation() {
    let mut auditor = auditor(6);
    let removed = end(&mut auditor, TurnKind::Removed, Some(BOB));
    let expected = Flaw::RemovedByOther {
        federation: 0,
        owner: ALICE,
        by: BOB,
    };
    assert_eq!(removed, Err(expected));
}
