//! Receipts from a stranger: whatever is changed in an honest one, or put on top of its headers, it shows
//! the honest round, or one that as much work stands on as it says.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use codec::Encode;
use fedchain_commitment::{Accepted, Membership, accepted_root};
use fedchain_fl::{
    H256,
    view::{DIGEST_ID, Outcome, ServerModel},
};
use fedchain_pow::{Bounds, Claim, Header, HeaderChain, Rules, U256};
use fedchain_receipt::{
    BLOCKS_ABOVE_DEFAULT, Basis, Receipt, Verdict, chain_from,
    mock::{Claims, genesis, seal},
};
use sp_runtime::DigestItem;

const CLOSED_AT: u32 = 8;
const BLOCKS: u32 = 16;
/// Headers that a stranger puts on top, at most.
const TOP_MAX: usize = 32;
const RULES: Rules = Rules {
    initial_difficulty: U256([16, 0, 0, 0]),
    block_time_ms: 1_000,
    bounds: Bounds {
        floor: U256([4, 0, 0, 0]),
        ceiling: U256([256, 0, 0, 0]),
    },
    genesis_time_ms: 1_000_000,
    min_spacing_ms: 50,
};

/// What the stranger does to the receipt.
#[derive(Debug, Arbitrary)]
enum Change {
    /// Changes a byte of the file.
    Byte(u16, u8),
    /// Leaves a header out.
    Drop(u8),
    /// Swaps two.
    Swap(u8, u8),
    /// Puts one on top, paid for, that closes the round with a model of its own or does nothing.
    Top { is_closing: bool, after_ms: u16 },
    /// Claims other rows.
    Rows(u32),
    /// Names another round.
    Round(u8),
}

static HONEST: LazyLock<Option<Receipt>> = LazyLock::new(honest);

/// Checks a receipt that was changed as `data` says.
pub fn receipts(data: &[u8]) {
    let Some(honest) = HONEST.as_ref() else {
        panic!("the honest receipt cannot be made");
    };
    let mut data = Unstructured::new(data);
    let mut receipt = honest.clone();
    let mut on_top = 0usize;
    while !data.is_empty() {
        let Ok(change) = Change::arbitrary(&mut data) else {
            break;
        };
        on_top = on_top.saturating_add(usize::from(matches!(change, Change::Top { .. })));
        if on_top > TOP_MAX {
            break;
        }
        apply(change, &mut receipt);
    }
    let genesis = honest.headers.first().map(Header::hash);
    for trusted in [genesis, Some(honest.tip), None] {
        if let Ok(verdict) = receipt.check(trusted) {
            check(honest, &receipt, &verdict, trusted == Some(honest.tip));
        }
    }
}

fn check(honest: &Receipt, receipt: &Receipt, verdict: &Verdict, trusts_tip: bool) {
    let shown = verdict.server_model.accepted_root;
    assert_eq!(receipt.membership.root(&receipt.update), Some(shown));
    let is_honest = (verdict.closed_at, verdict.server_model.model_root)
        == (CLOSED_AT, model(1, honest).model_root);
    match verdict.basis {
        Basis::Nothing => assert!(verdict.convinces(0, Some(U256::zero())).is_err()),
        // The honest tip vouches for what lies below it, and for nothing on top.
        Basis::Checkpoint { .. } => assert!(trusts_tip && is_honest),
        Basis::Work { above, block, .. } => {
            let paid = receipt
                .headers
                .iter()
                .filter(|header| header.number > verdict.closed_at)
                .filter_map(|header| Claim::read(header).ok())
                .fold(U256::zero(), |sum, claim| sum + claim.difficulty);
            assert!(above <= paid, "{above} hashes shown, {paid} paid");
            let least = block * U256::from(BLOCKS_ABOVE_DEFAULT);
            let convinces = verdict.convinces(BLOCKS_ABOVE_DEFAULT, Some(U256::zero()));
            let is_enough = above >= least && !above.is_zero();
            assert_eq!(convinces.is_ok(), is_enough);
        }
    }
}

fn apply(change: Change, receipt: &mut Receipt) {
    let length = receipt.headers.len().max(1);
    let place = |index: u8| usize::from(index) % length;
    match change {
        Change::Byte(at, to) => {
            let mut bytes = receipt.to_bytes();
            let at = usize::from(at) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= to;
            }
            if let Ok(changed) = Receipt::from_bytes(&bytes) {
                *receipt = changed;
            }
        }
        Change::Drop(index) if receipt.headers.len() > 1 => {
            receipt.headers.remove(place(index));
        }
        Change::Swap(a, b) if !receipt.headers.is_empty() => {
            receipt.headers.swap(place(a), place(b));
        }
        Change::Top {
            is_closing,
            after_ms,
        } => {
            let _ = put_on_top(receipt, is_closing, after_ms);
        }
        Change::Rows(rows) => receipt.update.sample_count = rows,
        Change::Round(round) => receipt.round = round.into(),
        Change::Drop(_) | Change::Swap(..) => {}
    }
}

/// Mines a header on top of the receipt's; none if these are no chain.
fn put_on_top(receipt: &mut Receipt, is_closing: bool, after_ms: u16) -> Option<()> {
    let [genesis, rest @ ..] = receipt.headers.as_slice() else {
        return None;
    };
    let mut chain = chain_from(genesis, &receipt.rules)?;
    for header in rest {
        chain.follow(header).ok()?;
    }
    let closing = is_closing.then(|| ServerModel {
        round: receipt.round,
        ..model(2, receipt)
    });
    let header = mine(&mut chain, after_ms.into(), closing.as_ref())?;
    receipt.tip = header.hash();
    receipt.headers.push(header);
    Some(())
}

fn mine(chain: &mut HeaderChain, after_ms: u64, closing: Option<&ServerModel>) -> Option<Header> {
    let extra = closing.map(|model| DigestItem::Consensus(DIGEST_ID, model.encode()));
    let claims = Claims {
        parent: chain.hash(),
        difficulty: chain.difficulty(),
        timestamp_ms: chain.timestamp_ms() + after_ms.max(RULES.min_spacing_ms),
        extra: extra.into_iter().collect(),
    };
    let header = seal(chain.number() + 1, claims);
    chain.follow(&header).ok()?;
    Some(header)
}

/// A model that the receipt's update is in.
fn model(mark: u8, receipt: &Receipt) -> ServerModel {
    ServerModel {
        federation: receipt.federation,
        round: receipt.round,
        outcome: Outcome::Adopted,
        model_root: H256::repeat_byte(mark),
        accepted_root: receipt.membership.root(&receipt.update).unwrap_or_default(),
        gate_hash: None,
    }
}

fn honest() -> Option<Receipt> {
    let (genesis, rules) = genesis(RULES);
    let update = |account| Accepted {
        account: [account; 32],
        sample_count: 100,
        values_root: H256::repeat_byte(account),
    };
    let mut set: Vec<_> = (1..=3).map(update).collect();
    let accepted_root = accepted_root(&mut set);
    let mut receipt = Receipt {
        federation: 7,
        round: 3,
        membership: Membership::new(&mut set, &[2; 32])?,
        update: update(2),
        rules,
        tip: genesis.hash(),
        headers: vec![genesis],
    };
    let mut chain = chain_from(receipt.headers.first()?, &receipt.rules)?;
    let closing = ServerModel {
        accepted_root,
        ..model(1, &receipt)
    };
    for number in 1..=BLOCKS {
        let closing = (number == CLOSED_AT).then_some(&closing);
        let header = mine(&mut chain, 1_000, closing)?;
        receipt.tip = header.hash();
        receipt.headers.push(header);
    }
    Some(receipt)
}
