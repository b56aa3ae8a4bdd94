//! Headers from a stranger: a chain takes none that breaks a rule, whatever their bytes are.

use arbitrary::{Arbitrary, Unstructured};
use codec::{Decode, Encode};
use fedchain_pow::{
    Bounds, Claim, ENGINE_ID, EXCESS_PART, H256, Header, HeaderChain, PostDigest, PreDigest, Rules,
    Seal, U256, WINDOW_ENTRIES_MAX, is_sealed, search, target,
};
use sp_runtime::{Digest, DigestItem};

const GENESIS: H256 = H256::repeat_byte(7);

/// The next thing that a stranger sends.
#[derive(Debug, Arbitrary)]
enum Sent {
    /// A header that follows, so many milliseconds after the tip.
    Honest(u16),
    /// The same with another timestamp, difficulty or seal, paid for.
    Lie {
        stamp: u64,
        difficulty: [u8; 3],
        nonce: Option<u64>,
    },
    /// An honest header of which some bytes were changed.
    Damaged { at: u16, to: u8, cut: u8 },
    /// Any bytes.
    Bytes(Vec<u8>),
}

/// Sends what `data` says to a chain of headers, and checks it after each.
pub fn headers(data: &[u8]) {
    let mut data = Unstructured::new(data);
    let Ok((spacing, floor)) = <(u8, u8)>::arbitrary(&mut data) else {
        return;
    };
    let rules = Rules {
        initial_difficulty: 32.into(),
        block_time_ms: 1_000,
        bounds: Bounds {
            floor: floor.min(32).into(),
            ceiling: 256.into(),
        },
        genesis_time_ms: 1_000_000,
        min_spacing_ms: spacing.into(),
    };
    let mut chain = HeaderChain::new(rules, GENESIS);
    let mut taken: Vec<Header> = vec![];
    while let Ok(sent) = Sent::arbitrary(&mut data) {
        let Some(header) = make(&chain, sent) else {
            continue;
        };
        let before = chain.clone();
        match chain.follow(&header) {
            Ok(()) => {
                check(&before, &header, &chain);
                taken.push(header);
            }
            Err(_) => assert_eq!(chain, before, "a refused header left a trace"),
        }
        if data.is_empty() {
            break;
        }
    }
    let newest = taken.len().saturating_sub(WINDOW_ENTRIES_MAX as usize);
    let resumed = HeaderChain::resume(rules, GENESIS, &taken[newest..], chain.weight());
    assert_eq!(resumed, Ok(chain), "a chain resumes as it was");
}

/// Each rule, once more and written another way.
fn check(before: &HeaderChain, header: &Header, after: &HeaderChain) {
    assert_eq!(header.number, before.number() + 1);
    assert_eq!(header.parent_hash, before.hash());
    assert_eq!(after.hash(), header.hash());
    let Ok(claim) = Claim::read(header) else {
        panic!("a header without a claim was taken");
    };
    let rules = before.rules();
    assert!(claim.timestamp_ms > before.timestamp_ms());
    assert!(claim.timestamp_ms - before.timestamp_ms() >= rules.min_spacing_ms);
    assert!(claim.difficulty >= rules.bounds.floor && !claim.difficulty.is_zero());
    assert!(is_sealed(header, claim.difficulty));
    let seals = header.digest.logs.iter().filter_map(DigestItem::as_seal);
    assert_eq!(seals.count(), 1);
    let gained = after.weight() - before.weight();
    assert!(gained <= claim.difficulty && !gained.is_zero());
    assert!(gained <= before.median() + before.median() / EXCESS_PART);
}

fn make(chain: &HeaderChain, sent: Sent) -> Option<Header> {
    let now = chain.timestamp_ms();
    let due = chain.difficulty();
    match sent {
        Sent::Honest(after) => {
            let earliest = chain.timestamp_ms_min();
            let stamp = now.saturating_add(after.into()).max(earliest);
            seal(unsealed(chain, due, stamp), due, None)
        }
        Sent::Lie {
            stamp,
            difficulty: [low, middle, high],
            nonce,
        } => {
            let claimed = match (low, middle) {
                (0, 0) => due,
                _ => U256::from(u32::from_le_bytes([low, middle & 1, 0, 0])),
            };
            let stamp = match high {
                0 => now,
                1 => now.saturating_add(1),
                _ => stamp,
            };
            seal(unsealed(chain, claimed, stamp), claimed, nonce)
        }
        Sent::Damaged { at, to, cut } => {
            let honest = seal(unsealed(chain, due, chain.timestamp_ms_min()), due, None)?;
            let mut bytes = honest.encode();
            let at = usize::from(at) % bytes.len();
            bytes[at] = to;
            bytes.truncate(bytes.len() - usize::from(cut % 3));
            Header::decode(&mut bytes.as_slice()).ok()
        }
        Sent::Bytes(bytes) => Header::decode(&mut bytes.as_slice()).ok(),
    }
}

fn unsealed(chain: &HeaderChain, difficulty: U256, timestamp_ms: u64) -> Header {
    let claim = PreDigest {
        author: [1; 32],
        difficulty,
    };
    let logs = vec![
        DigestItem::PreRuntime(ENGINE_ID, claim.encode()),
        DigestItem::Consensus(ENGINE_ID, PostDigest { timestamp_ms }.encode()),
    ];
    Header {
        parent_hash: chain.hash(),
        number: chain.number() + 1,
        state_root: H256::zero(),
        extrinsics_root: H256::zero(),
        digest: Digest { logs },
    }
}

/// Seals a header, with any nonce or with one that is worth the difficulty.
fn seal(mut header: Header, difficulty: U256, nonce: Option<u64>) -> Option<Header> {
    let seal = match nonce {
        Some(nonce) => Seal { nonce },
        None => search(
            header.hash().as_fixed_bytes(),
            target(difficulty)?,
            0..u64::MAX,
        )?,
    };
    let item = DigestItem::Seal(ENGINE_ID, seal.encode());
    header.digest.push(item);
    Some(header)
}
