//! A chain of headers: what is honest passes, and each lie is named.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use codec::Encode;
use fedchain_pow::{
    Bounds, ENGINE_ID, Fault, H256, Header, HeaderChain, PostDigest, PreDigest, Rules, Seal, U256,
    WINDOW_ENTRIES_MAX, search, target,
};
use sp_runtime::{Digest, DigestItem, traits::Header as _};

const GENESIS: H256 = H256::repeat_byte(7);
const RULES: Rules = Rules {
    initial_difficulty: U256([64, 0, 0, 0]),
    block_time_ms: 1_000,
    bounds: Bounds {
        floor: U256([16, 0, 0, 0]),
        ceiling: U256::MAX,
    },
    genesis_time_ms: 1_000_000,
    min_spacing_ms: 50,
};

fn unsealed(chain: &HeaderChain, difficulty: U256, timestamp_ms: u64) -> Header {
    let claim = PreDigest {
        author: [9; 32],
        difficulty,
    };
    let logs = vec![
        DigestItem::PreRuntime(ENGINE_ID, claim.encode()),
        DigestItem::Consensus(ENGINE_ID, PostDigest { timestamp_ms }.encode()),
    ];
    let (number, parent) = (chain.number() + 1, chain.hash());
    let root = H256::zero();
    Header::new(number, root, root, parent, Digest { logs })
}

fn sealed(mut header: Header, difficulty: U256) -> Header {
    let goal = target(difficulty).unwrap();
    let seal = search(header.hash().as_fixed_bytes(), goal, 0..u64::MAX).unwrap();
    header
        .digest
        .push(DigestItem::Seal(ENGINE_ID, seal.encode()));
    header
}

/// An honest header, so many milliseconds after the tip.
fn next(chain: &HeaderChain, solve_time_ms: u64) -> Header {
    let difficulty = chain.difficulty();
    let stamp = chain.timestamp_ms() + solve_time_ms;
    sealed(unsealed(chain, difficulty, stamp), difficulty)
}

fn honest(blocks: u64) -> (HeaderChain, Vec<Header>) {
    let mut chain = HeaderChain::new(RULES, GENESIS);
    let mut headers = vec![];
    for block in 0..blocks {
        let header = next(&chain, 200 + block * 7919 % 2_000);
        chain.follow(&header).unwrap();
        headers.push(header);
    }
    (chain, headers)
}

#[test]
fn honest_headers_pass_and_their_weight_is_known() {
    let (chain, headers) = honest(120);
    assert_eq!(chain.number(), 120);
    assert_eq!(chain.hash(), headers[119].hash());
    // Golden, computed by another program: nodes that weigh otherwise leave the chain.
    assert_eq!(chain.weight(), U256::from(GOLDEN_WEIGHT));
}

const GOLDEN_WEIGHT: u64 = 2_088;

#[test]
fn a_chain_resumes_from_its_newest_headers() {
    let (chain, headers) = honest(120);
    let newest = &headers[120 - WINDOW_ENTRIES_MAX as usize..];
    let mut resumed = HeaderChain::resume(RULES, GENESIS, newest, chain.weight()).unwrap();
    assert_eq!(resumed, chain);
    let header = next(&chain, 900);
    resumed.follow(&header).unwrap();

    let young = HeaderChain::resume(RULES, GENESIS, &[], U256::zero()).unwrap();
    assert_eq!(young, HeaderChain::new(RULES, GENESIS));
}

#[track_caller]
fn check_refused(header: &Header, is_expected: fn(&Fault) -> bool) {
    let (mut chain, _) = honest(40);
    let before = chain.clone();
    let fault = chain.follow(header).unwrap_err();
    assert!(is_expected(&fault), "{fault}");
    assert_eq!(chain, before);
}

#[test]
fn every_lie_is_named() {
    let (chain, headers) = honest(40);
    let difficulty = chain.difficulty();
    let stamp = chain.timestamp_ms() + 900;
    let make = |difficulty, stamp| sealed(unsealed(&chain, difficulty, stamp), difficulty);

    check_refused(&headers[39], |fault| matches!(fault, Fault::Number { .. }));
    let mut stranger = unsealed(&chain, difficulty, stamp);
    stranger.parent_hash = GENESIS;
    check_refused(&sealed(stranger, difficulty), |fault| {
        matches!(fault, Fault::Parent { .. })
    });
    for wrong in [difficulty - 1, difficulty + 1, U256::zero() + 1] {
        check_refused(&make(wrong, stamp), |fault| {
            matches!(fault, Fault::Difficulty { .. })
        });
    }
    check_refused(&make(difficulty, chain.timestamp_ms() + 49), |fault| {
        matches!(fault, Fault::Time { .. })
    });
    check_refused(&unsealed(&chain, difficulty, stamp), |fault| {
        matches!(fault, Fault::Seal { .. })
    });
    let mut unclaimed = unsealed(&chain, difficulty, stamp);
    unclaimed.digest.logs.remove(0);
    check_refused(&sealed(unclaimed, difficulty), |fault| {
        matches!(fault, Fault::Claim)
    });
    let mut unstamped = unsealed(&chain, difficulty, stamp);
    unstamped.digest.logs.remove(1);
    check_refused(&sealed(unstamped, difficulty), |fault| {
        matches!(fault, Fault::Stamp)
    });
    let mut twice = make(difficulty, stamp);
    let seal = twice.digest.logs[2].clone();
    twice.digest.push(seal);
    check_refused(&twice, |fault| matches!(fault, Fault::Seal { .. }));
    let mut weak = unsealed(&chain, difficulty, stamp);
    let pre_hash = weak.hash();
    let seal = (0..)
        .map(|nonce| Seal { nonce })
        .find(|seal| !seal.is_valid(pre_hash.as_fixed_bytes(), difficulty))
        .unwrap();
    weak.digest.push(DigestItem::Seal(ENGINE_ID, seal.encode()));
    check_refused(&weak, |fault| matches!(fault, Fault::Seal { .. }));
}

#[test]
fn no_block_is_older_than_the_chain() {
    let mut chain = HeaderChain::new(RULES, GENESIS);
    let early = next(&chain, 49);
    let fault = chain.follow(&early).unwrap_err();
    let (earliest, found) = (1_000_050, 1_000_049);
    assert_eq!(fault, Fault::Time { earliest, found });
    let first = next(&chain, 50);
    chain.follow(&first).unwrap();
}
