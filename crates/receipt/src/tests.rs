//! A small chain of our own: what is honest passes, and every lie that was paid for is found.

use alloc::{vec, vec::Vec};
use codec::Encode;
use fedchain_commitment::{Accepted, Membership, accepted_root};
use fedchain_fl::{
    H256,
    view::{DIGEST_ID, Outcome, ServerModel},
};
use fedchain_pow::{Bounds, ENGINE_ID, Entry, PostDigest, PreDigest, Rules, U256, retarget};
use sp_runtime::DigestItem;

use crate::{
    mock::{Claims, genesis, seal},
    *,
};

const BLOCKS: u32 = 100;
const CLOSED_AT: u32 = 60;
const UPGRADED_AT: u32 = 70;
const RULES: Rules = Rules {
    initial_difficulty: U256([64, 0, 0, 0]),
    block_time_ms: 1_000,
    bounds: Bounds {
        floor: U256([16, 0, 0, 0]),
        ceiling: U256::MAX,
    },
    genesis_time_ms: 900_000,
    min_spacing_ms: 50,
};

fn set() -> Vec<Accepted<[u8; 32]>> {
    let update = |account| Accepted {
        account: [account; 32],
        sample_count: 100 + u32::from(account),
        values_root: H256::repeat_byte(account),
    };
    (1..=5).map(update).collect()
}

/// A chain on which round 3 of federation 7 is closed at [`CLOSED_AT`]. `lie` may change what each
/// block says before it is paid for.
fn chain(rules: Rules, lie: impl Fn(u32, &mut Claims)) -> Receipt {
    let (first, proof) = genesis(rules);
    let mut headers = vec![first];
    let mut entries: Vec<Entry> = Vec::new();
    for number in 1..=BLOCKS {
        let difficulty = entries.last().map_or(rules.initial_difficulty, |newest| {
            retarget(
                &entries,
                newest.difficulty,
                rules.block_time_ms,
                rules.bounds,
            )
        });
        let solve_time_ms = 200 + u64::from(number * 7919 % 2_000);
        let parent_ms = entries
            .last()
            .map_or(1_000_000, |newest| newest.timestamp_ms);
        let extra = match number {
            CLOSED_AT => vec![DigestItem::Consensus(DIGEST_ID, model().encode())],
            UPGRADED_AT => vec![DigestItem::RuntimeEnvironmentUpdated],
            _ => Vec::new(),
        };
        let mut claims = Claims {
            parent: headers.last().unwrap().hash(),
            difficulty,
            timestamp_ms: parent_ms + solve_time_ms,
            extra,
        };
        lie(number, &mut claims);
        entries.push(Entry {
            timestamp_ms: claims.timestamp_ms,
            difficulty: claims.difficulty,
        });
        headers.push(seal(number, claims));
    }
    let mut set = set();
    Receipt {
        federation: 7,
        round: 3,
        membership: Membership::new(&mut set, &[2; 32]).unwrap(),
        update: set[1].clone(),
        rules: proof,
        tip: headers.last().unwrap().hash(),
        headers,
    }
}

fn model() -> ServerModel {
    ServerModel {
        federation: 7,
        round: 3,
        outcome: Outcome::Adopted,
        model_root: H256::repeat_byte(77),
        accepted_root: accepted_root(&mut set()),
        gate_hash: None,
    }
}

fn honest() -> Receipt {
    chain(RULES, |_, _| {})
}

/// The same receipt with the headers from the closing one on.
fn short() -> Receipt {
    let mut receipt = honest();
    receipt.headers.drain(..CLOSED_AT as usize);
    receipt.rules.clear();
    receipt
}

fn hash_at(receipt: &Receipt, number: u32) -> H256 {
    let first = receipt.headers[0].number;
    receipt.headers[(number - first) as usize].hash()
}

#[test]
fn work_since_a_trusted_genesis_block_is_counted() {
    let receipt = honest();
    let verdict = receipt.check(Some(hash_at(&receipt, 0))).unwrap();
    assert_eq!(verdict.server_model, model());
    assert_eq!(
        (verdict.closed_at, verdict.block, verdict.tip),
        (CLOSED_AT, hash_at(&receipt, CLOSED_AT), BLOCKS)
    );
    assert_eq!(verdict.upgrades, [UPGRADED_AT]);
    let difficulty = |header: &Header| {
        let items = header.digest.logs.iter();
        let claims = items.filter_map(DigestItem::as_pre_runtime);
        PreDigest::find(claims).map_or(U256::zero(), |claim| claim.difficulty)
    };
    let difficulties: Vec<U256> = receipt.headers[1..].iter().map(difficulty).collect();
    let median = |block: usize| {
        let mut before = vec![RULES.initial_difficulty; 16];
        before.extend(&difficulties[..block]);
        let mut newest = before.split_off(block);
        newest.sort();
        newest[7]
    };
    let weight = |block: usize| difficulties[block].min(median(block) + median(block) / 16);
    let sum = |first: u32| (first..BLOCKS).map(|block| weight(block as usize));
    let sum = |first| sum(first).fold(U256::zero(), |sum, weight| sum + weight);
    let basis = Basis::Work {
        total: sum(0),
        above: sum(CLOSED_AT),
        block: median(CLOSED_AT as usize - 1),
    };
    assert_eq!(verdict.basis, basis);
}

#[test]
fn a_trusted_block_at_or_above_vouches_for_all_below() {
    let (long, short) = (honest(), short());
    for receipt in [&long, &short] {
        for number in [CLOSED_AT, CLOSED_AT + 1, BLOCKS] {
            let verdict = receipt.check(Some(hash_at(receipt, number))).unwrap();
            assert_eq!(verdict.basis, Basis::Checkpoint { number });
        }
    }
    let closed_at = CLOSED_AT;
    let below = hash_at(&long, CLOSED_AT - 1);
    assert_eq!(long.check(Some(below)), Err(Error::Elsewhere { closed_at }));
    for stranger in [hash_at(&long, 0), H256::repeat_byte(1)] {
        assert_eq!(
            short.check(Some(stranger)),
            Err(Error::Elsewhere { closed_at })
        );
    }
    assert_eq!(short.check(None).unwrap().basis, Basis::Nothing);
    assert_eq!(long.check(None).unwrap().basis, Basis::Nothing);
}

#[test]
fn any_one_byte_changed_fails() {
    let (long, short) = (honest(), short());
    let cases = [
        (&long, Some(hash_at(&long, 0)), &[1][..]),
        (&short, Some(hash_at(&short, BLOCKS)), &[1, 0x80]),
        (&short, Some(hash_at(&short, CLOSED_AT)), &[1, 0x80]),
    ];
    for (receipt, trusted, flips) in cases {
        let bytes = receipt.to_bytes();
        let read = Receipt::from_bytes(&bytes).unwrap();
        assert!(read.check(trusted).is_ok());
        for place in 0..bytes.len() {
            for flip in flips {
                let mut changed = bytes.clone();
                changed[place] ^= flip;
                let found = Receipt::from_bytes(&changed).and_then(|read| read.check(trusted));
                assert!(found.is_err(), "byte {place} ^ {flip}: {found:?}");
            }
        }
        for length in [0, bytes.len() - 1] {
            assert_eq!(Receipt::from_bytes(&bytes[..length]), Err(Error::Malformed));
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Receipt::from_bytes(&longer), Err(Error::Malformed));
    }
}

/// The fault that a forger's chain is refused for, and the block.
fn fault(lie: impl Fn(u32, &mut Claims)) -> (u32, Fault) {
    let receipt = chain(RULES, lie);
    match receipt.check(Some(hash_at(&receipt, 0))) {
        Err(Error::Header { number, fault }) => (number, fault),
        other => panic!("no fault: {other:?}"),
    }
}

#[test]
fn a_chain_that_is_cheaper_than_the_rule_allows_is_refused() {
    let (number, found) = fault(|number, claims| {
        if number == 50 {
            claims.difficulty /= 2;
        }
    });
    assert!(
        number == 50 && matches!(found, Fault::Difficulty { .. }),
        "{number}: {found}"
    );
}

#[test]
fn a_difficulty_cannot_be_lowered_by_time_running_backwards() {
    let (number, found) = fault(|number, claims| {
        if number == 60 {
            claims.timestamp_ms = 1_000_000;
        }
    });
    assert!(
        number == 60 && matches!(found, Fault::Time { .. }),
        "{number}: {found}"
    );
}

#[test]
fn two_timestamps_or_two_authors_are_none() {
    let twice = |item: DigestItem| {
        fault(move |number, claims| {
            if number == 30 {
                claims.extra.push(item.clone());
            }
        })
    };
    let stamp = PostDigest { timestamp_ms: 1 }.encode();
    assert_eq!(
        twice(DigestItem::Consensus(ENGINE_ID, stamp)),
        (30, Fault::Stamp)
    );
    let claim = PreDigest {
        author: [1; 32],
        difficulty: U256::one(),
    };
    assert_eq!(
        twice(DigestItem::PreRuntime(ENGINE_ID, claim.encode())),
        (30, Fault::Claim)
    );
    let other = DigestItem::Seal(ENGINE_ID, 1u64.encode());
    assert!(matches!(twice(other), (30, Fault::Seal { .. })));
}

#[test]
fn a_header_that_was_not_paid_for_is_refused() {
    let mut receipt = honest();
    let mut last = receipt.headers.pop().unwrap();
    last.digest.logs.pop();
    let unsealed = (0..).find_map(|nonce: u64| {
        let mut header = last.clone();
        let item = DigestItem::Seal(ENGINE_ID, nonce.encode());
        header.digest.push(item);
        let mut work = chain_from(&receipt.headers[0], &receipt.rules).unwrap();
        for before in &receipt.headers[1..] {
            work.follow(before).unwrap();
        }
        work.follow(&header).err().map(|fault| (header, fault))
    });
    let (header, found) = unsealed.unwrap();
    assert!(matches!(found, Fault::Seal { .. }), "{found}");
    receipt.tip = header.hash();
    receipt.headers.push(header);
    let genesis = hash_at(&receipt, 0);
    assert!(matches!(
        receipt.check(Some(genesis)),
        Err(Error::Header { number: BLOCKS, .. })
    ));
}

#[test]
fn rules_of_another_genesis_prove_nothing() {
    let cheap = Rules {
        initial_difficulty: U256::one(),
        ..RULES
    };
    let mut receipt = honest();
    receipt.rules = genesis(cheap).1;
    let trusted = Some(hash_at(&receipt, 0));
    assert_eq!(receipt.check(trusted), Err(Error::Rules));
    receipt.rules.clear();
    assert_eq!(receipt.check(trusted), Err(Error::Rules));
    let mut short = short();
    short.rules = honest().rules;
    assert_eq!(short.check(None), Err(Error::NeedlessRules));
}

#[test]
fn a_gap_or_a_stranger_among_the_headers_is_found() {
    let mut gap = honest();
    gap.headers.remove(90);
    let expected = Error::Header {
        number: 91,
        fault: Fault::Number {
            expected: 90,
            found: 91,
        },
    };
    assert_eq!(gap.check(None), Err(expected));

    let mut stranger = short();
    let place = 20;
    stranger.headers[place].state_root = H256::repeat_byte(5);
    assert!(matches!(
        stranger.check(None),
        Err(Error::Header {
            fault: Fault::Parent { .. },
            ..
        })
    ));
}

/// A receipt from a chain on which the round ended so.
fn ended(outcome: Outcome, gate_hash: Option<H256>) -> Receipt {
    let model = ServerModel {
        outcome,
        gate_hash,
        ..model()
    };
    chain(RULES, |number, claims| {
        if number == CLOSED_AT {
            claims.extra = vec![DigestItem::Consensus(DIGEST_ID, model.encode())];
        }
    })
}

#[test]
fn an_update_of_a_round_without_a_model_is_in_no_model() {
    let judged = Some(H256::repeat_byte(6));
    for (outcome, gate_hash, error) in [
        (Outcome::Skipped, None, Error::Skipped),
        (Outcome::Worse, judged, Error::Worse),
    ] {
        let receipt = ended(outcome, gate_hash);
        assert_eq!(receipt.check(Some(receipt.tip)), Err(error));
    }
}

#[test]
fn an_adopted_model_may_be_judged_or_not() {
    let judged = Some(H256::repeat_byte(6));
    for (outcome, gate_hash) in [(Outcome::Adopted, judged), (Outcome::Ungated, None)] {
        let receipt = ended(outcome, gate_hash);
        let found = receipt.check(Some(receipt.tip)).unwrap().server_model;
        assert_eq!((found.outcome, found.gate_hash), (outcome, gate_hash));
    }
}

#[test]
fn links_are_enough_below_a_trusted_block() {
    let receipt = chain(RULES, |number, claims| {
        if number > UPGRADED_AT {
            claims.difficulty = U256::one();
        }
    });
    let verdict = receipt.check(Some(receipt.tip)).unwrap();
    assert_eq!(verdict.basis, Basis::Checkpoint { number: BLOCKS });
    assert!(receipt.check(Some(hash_at(&receipt, 0))).is_err());
    assert!(receipt.check(None).is_err());
}

#[test]
fn another_clients_proof_does_not_serve() {
    let mut receipt = short();
    receipt.membership = Membership::new(&mut set(), &[3; 32]).unwrap();
    assert_eq!(receipt.check(None), Err(Error::NotAccepted));
    let mut receipt = short();
    receipt.update.sample_count += 1;
    assert_eq!(receipt.check(None), Err(Error::NotAccepted));
    let mut receipt = short();
    receipt.round = 4;
    assert_eq!(receipt.check(None), Err(Error::NoRound));
    receipt.headers.clear();
    assert_eq!(receipt.check(None), Err(Error::NoRound));
}

#[test]
fn an_honest_receipt_convinces_who_knows_what_the_network_does() {
    let receipt = honest();
    let verdict = receipt.check(Some(hash_at(&receipt, 0))).unwrap();
    let Basis::Work { above, block, .. } = verdict.basis else {
        panic!("{verdict:?}")
    };
    let blocks = (above / block).as_u32();
    assert_eq!(verdict.convinces(blocks, Some(above)), Ok(()));
    let wanted = above + 1;
    assert_eq!(
        verdict.convinces(blocks, Some(wanted)),
        Err(Doubt::TooCheap { above, wanted })
    );
    assert_eq!(
        verdict.convinces(blocks, None),
        Err(Doubt::Unjudged { above })
    );
    let deeper = verdict.convinces(blocks + 1, Some(above));
    assert!(matches!(deeper, Err(Doubt::Shallow { .. })), "{deeper:?}");
    let of_nobody = receipt.check(None).unwrap();
    assert_eq!(of_nobody.convinces(0, None), Err(Doubt::Untrusted));
}

#[test]
fn a_round_without_a_block_above_it_convinces_nobody() {
    let mut receipt = honest();
    receipt.headers.truncate(CLOSED_AT as usize + 1);
    receipt.tip = receipt.headers[CLOSED_AT as usize].hash();
    let verdict = receipt.check(Some(hash_at(&receipt, 0))).unwrap();
    assert_eq!(verdict.convinces(0, Some(U256::zero())), Err(Doubt::Bare));
    let of_a_checkpoint = receipt.check(Some(receipt.tip)).unwrap();
    assert_eq!(of_a_checkpoint.convinces(0, None), Ok(()));
}

#[test]
fn headers_on_top_of_an_honest_chain_convince_nobody() {
    // The attacker knows the honest chain, and what it took.
    let receipt = honest();
    let verdict = receipt.check(Some(hash_at(&receipt, 0))).unwrap();
    let Basis::Work { total, .. } = verdict.basis else {
        panic!("{verdict:?}")
    };
    for blocks in [1, 2, 10, 60] {
        let forged = forge(blocks);
        let verdict = forged.check(Some(hash_at(&forged, 0))).unwrap();
        assert_eq!(verdict.server_model.model_root, H256::repeat_byte(0xde));
        for work_min in [None, Some(U256::zero()), Some(total)] {
            let doubt = verdict.convinces(BLOCKS_ABOVE_DEFAULT, work_min);
            assert!(matches!(doubt, Err(Doubt::Shallow { .. })), "{doubt:?}");
        }
    }
}

/// The honest chain without its round, a header that closes one that never was, and so many on top, as
/// cheap as the rules allow.
fn forge(blocks: u32) -> Receipt {
    let mut receipt = chain(RULES, |_, claims| {
        let is_model =
            |item: &DigestItem| item.as_consensus().is_some_and(|(id, _)| id == DIGEST_ID);
        claims.extra.retain(|item| !is_model(item));
    });
    let mut chain = chain_from(&receipt.headers[0], &receipt.rules).unwrap();
    for header in &receipt.headers[1..] {
        chain.follow(header).unwrap();
    }
    for place in 0..=blocks {
        let false_model = ServerModel {
            model_root: H256::repeat_byte(0xde),
            ..model()
        };
        let extra = match place {
            0 => vec![DigestItem::Consensus(DIGEST_ID, false_model.encode())],
            _ => Vec::new(),
        };
        let claims = Claims {
            parent: chain.hash(),
            difficulty: chain.difficulty(),
            timestamp_ms: chain.timestamp_ms() + 20 * RULES.block_time_ms,
            extra,
        };
        let header = seal(chain.number() + 1, claims);
        chain.follow(&header).unwrap();
        receipt.headers.push(header);
    }
    receipt.tip = chain.hash();
    receipt
}
