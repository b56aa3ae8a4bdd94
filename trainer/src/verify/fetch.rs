//! From a node's blocks to the replay, and the comparison with what else the node says.

use codec::Decode;
use fedchain_commitment::Part;
use fedchain_fl::{
    H256,
    view::{DIGEST_ID, ModelView, RoundRecord, ServerModel},
};
use serde::Serialize;
use subxt::config::substrate::DigestItem;

use super::{
    Difference, What,
    replay::{Block, Certify, Commit, Replay, Reveal, Round},
};
use crate::{
    Error,
    chain::{Chain, Head, Header, blocks::Transaction, call::PALLET},
};

/// What was verified.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Number of the federation.
    pub federation: u32,
    /// First block read.
    pub from: u32,
    /// Last block read.
    pub to: u32,
    /// Rounds recomputed.
    pub rounds: Vec<Round>,
    /// Root of the newest recomputed server model.
    pub model_root: H256,
    /// Blocks with commits or reveals whose events the node has pruned: there the openings alone
    /// told failed transactions from others.
    pub pruned: u32,
}

/// Replays a federation from its first block to `to`, or the best block, and compares it with the
/// headers' digests, the round records in state and, where given, a model file. Tells of each round.
///
/// # Errors
/// [`Error::Verify`] with the first difference.
pub async fn verify(
    chain: &Chain,
    federation: u32,
    to: Option<u32>,
    file: Option<&ModelView>,
    tell: impl Fn(&Round),
) -> Result<Report, Error> {
    let best = chain.best().await?;
    let to = to.unwrap_or(best.number);
    if to > best.number {
        let reason = format!(
            "the chain has no block {to} yet, its best is {}",
            best.number
        );
        return Err(Error::Impossible(reason));
    }
    let view = chain.federation(federation, best.hash).await?;
    let mut replay = Replay::new(chain.genesis(), federation, view.spec)
        .map_err(|error| Error::Protocol(error.to_string()))?;
    let compare = |replay: &Replay| match file {
        Some(file) if file.round == replay.closed() => replay.compare(file),
        _ => Ok(()),
    };
    compare(&replay)?;
    let mut pruned = 0u32;
    let mut rounds = Vec::new();
    for number in view.created_at..=to {
        let head = Head {
            number,
            hash: chain.block_hash(number).await?,
        };
        let block = read(chain, federation, head, best).await?;
        if block
            .reveals
            .iter()
            .any(|reveal| reveal.succeeded.is_none())
        {
            pruned = pruned.saturating_add(1);
        }
        for round in replay.block(block)? {
            let found = chain.round(federation, round.round, best.hash).await?;
            check_record(&round, found.and_then(|found| found.record).as_ref())?;
            compare(&replay)?;
            tell(&round);
            rounds.push(round);
        }
    }
    let closed = replay.closed();
    if let Some(file) = file.filter(|file| file.round > closed) {
        let what = What::NoSuchRound { closed };
        return Err(Difference {
            block: None,
            round: file.round,
            what,
        }
        .into());
    }
    let next = closed.saturating_add(1);
    let unseen = chain
        .round(federation, next, best.hash)
        .await?
        .and_then(|found| found.record);
    if unseen.is_some_and(|record| record.closed_at <= to) {
        let what = What::NoDigest { to };
        return Err(Difference {
            block: None,
            round: next,
            what,
        }
        .into());
    }
    let model_root = replay.model_root();
    Ok(Report {
        federation,
        from: view.created_at,
        to,
        rounds,
        model_root,
        pruned,
    })
}

/// Reads what a block holds of the federation; `by` has the metadata.
async fn read(chain: &Chain, federation: u32, head: Head, by: Head) -> Result<Block, Error> {
    let (header, body) = chain.body(head.hash).await?;
    let mut block = Block {
        number: head.number,
        closed: closed(&header, federation),
        ..Block::default()
    };
    let transactions = chain.transactions(body, by).await?;
    let calls: Vec<_> = transactions
        .iter()
        .filter_map(|transaction| call(transaction, federation))
        .collect();
    if calls.is_empty() {
        return Ok(block);
    }
    let failed = chain.failed(head).await?;
    for (index, call) in calls {
        let succeeded = failed.as_ref().map(|failed| !failed.contains(&index));
        match call {
            Call::Commit(commit) if succeeded != Some(false) => block.commits.push(commit),
            Call::Commit(_) => {}
            Call::Reveal(reveal) => block.reveals.push(Reveal {
                succeeded,
                ..reveal
            }),
            Call::Certify(certify) => block.certified.push(Certify {
                succeeded,
                ..certify
            }),
            Call::Upload(part) if succeeded != Some(false) => block.uploads.push(part),
            Call::Upload(_) => {}
        }
    }
    Ok(block)
}

/// The federation's rounds that a header closes.
fn closed(header: &Header, federation: u32) -> Vec<ServerModel> {
    let model = |item: &DigestItem| match item {
        DigestItem::Consensus(DIGEST_ID, bytes) => ServerModel::decode(&mut bytes.as_slice()).ok(),
        _ => None,
    };
    let models = header.digest.logs.iter().filter_map(model);
    models
        .filter(|model| model.federation == federation)
        .collect()
}

enum Call {
    Commit(Commit),
    Reveal(Reveal),
    Certify(Certify),
    Upload(Part),
}

/// A commit, reveal, solution or upload of the federation, with its place in the block.
fn call(transaction: &Transaction, federation: u32) -> Option<(u32, Call)> {
    if transaction.pallet != PALLET {
        return None;
    }
    let client = transaction.signer?;
    let arguments = &mut transaction.arguments.as_slice();
    let (of, call) = match transaction.call.as_str() {
        "commit" => {
            let (of, round, base_root, commitment) = Decode::decode(arguments).ok()?;
            (
                of,
                Call::Commit(Commit {
                    client,
                    round,
                    base_root,
                    commitment,
                }),
            )
        }
        "reveal" => {
            let (of, round, sample_count, salt, part) = Decode::decode(arguments).ok()?;
            let succeeded = None;
            (
                of,
                Call::Reveal(Reveal {
                    client,
                    round,
                    sample_count,
                    salt,
                    part,
                    succeeded,
                }),
            )
        }
        "certify" => {
            let (of, left_out, solution) = Decode::decode(arguments).ok()?;
            let certify = Certify {
                left_out,
                solution,
                succeeded: None,
            };
            (of, Call::Certify(certify))
        }
        "upload" => {
            let (of, part) = Decode::decode(arguments).ok()?;
            (of, Call::Upload(part))
        }
        _ => return None,
    };
    let of: u32 = of;
    (of == federation).then_some((transaction.index, call))
}

/// Compares a recomputed round with its record in state.
fn check_record(round: &Round, record: Option<&RoundRecord>) -> Result<(), Difference> {
    let differs = |field| Difference {
        block: Some(round.block),
        round: round.round,
        what: What::Record { field },
    };
    let Some(record) = record else {
        return Err(differs("being missing"));
    };
    let fields = [
        ("outcome", record.outcome == round.outcome),
        ("model_root", record.model_root == round.model_root),
        ("accepted_root", record.accepted_root == round.accepted_root),
        ("accepted", record.accepted == round.accepted),
        ("closed_at", record.closed_at == round.block),
    ];
    match fields.iter().find(|(_, is_equal)| !is_equal) {
        Some((field, _)) => Err(differs(field)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use codec::Encode;
    use fedchain_commitment::parts;

    use super::*;
    use crate::chain::AccountId;

    fn transaction(call: &str, arguments: Vec<u8>) -> Transaction {
        Transaction {
            index: 2,
            pallet: PALLET.into(),
            call: call.into(),
            signer: Some(AccountId([1; 32])),
            arguments,
        }
    }

    #[test]
    fn commits_and_reveals_of_the_federation_are_read() {
        let (base, commitment) = (H256::repeat_byte(3), H256::repeat_byte(4));
        let commit = transaction("commit", (7u32, 1u32, base, commitment).encode());
        let Some((2, Call::Commit(found))) = call(&commit, 7) else {
            panic!("a commit")
        };
        assert_eq!(
            (found.round, found.base_root, found.commitment),
            (1, base, commitment)
        );
        assert!(call(&commit, 8).is_none());

        let part = parts(&[1, 2]).remove(0);
        let reveal = transaction("reveal", (7u32, 1u32, 147u32, [5u8; 32], &part).encode());
        let Some((2, Call::Reveal(found))) = call(&reveal, 7) else {
            panic!("a reveal")
        };
        assert_eq!(
            (found.sample_count, found.salt, found.part),
            (147, [5; 32], part)
        );
        assert!(call(&transaction("join", 7u32.encode()), 7).is_none());
    }
}
