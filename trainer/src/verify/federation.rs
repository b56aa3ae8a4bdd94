//! One federation: its blocks replayed, and compared with the node's state and a model file.

use fedchain_fl::{
    H256,
    view::{ModelView, RoundRecord},
};
use fedchain_receipt::{Header, upgrades_code};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{
    Difference, What,
    fetch::Raw,
    replay::{Replay, Round},
    signed::Ancestors,
};
use crate::{
    Error,
    chain::{Chain, runtime::Runtime},
};

/// Headers asked for at once.
const IN_FLIGHT: usize = 32;

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
/// headers' digests, the round records in state and, where given, a model file. Tells of each round, and
/// by `passed` how many blocks of how many are done.
///
/// # Errors
/// [`Error::Verify`] with the first difference.
pub async fn verify(
    chain: &Chain,
    federation: u32,
    to: Option<u32>,
    file: Option<&ModelView>,
    tell: impl Fn(&Round),
    passed: impl Fn(u32, u32),
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
    let newest = chain.header(best.hash).await?;
    let genesis = chain.genesis();
    let spec = chain.spec(&newest, federation).await?;
    let mut replay = Replay::new(genesis, federation, spec)
        .map_err(|error| Error::Protocol(error.to_string()))?;
    let compare = |replay: &Replay| match file {
        Some(file) if file.round == replay.closed() => replay.compare(file),
        _ => Ok(()),
    };
    compare(&replay)?;
    let mut runtime = first_runtime(chain, view.created_at, &newest).await?;
    let mut ancestors = Ancestors::named(genesis);
    let mut parent = None;
    let mut pruned = 0u32;
    let mut rounds = Vec::new();
    for number in view.created_at..=to {
        let raw = Raw::fetch(chain, number).await?;
        raw.check_header()?;
        raw.check_body()?;
        if parent.is_some_and(|parent| parent != raw.header.parent_hash) {
            return Err(changed());
        }
        parent = Some(raw.head.hash);
        let contents = raw.contents(chain, &runtime, &mut ancestors, Some(federation));
        let mut contents = contents.await?;
        let block = contents.of(federation);
        let updates = block.reveals.iter().map(|reveal| reveal.succeeded);
        let holdouts = block.holdouts.iter().map(|reveal| reveal.succeeded);
        if updates.chain(holdouts).any(|known| known.is_none()) {
            pruned = pruned.saturating_add(1);
        }
        for round in replay.block(block)? {
            let found = chain.round(federation, round.round, best.hash).await?;
            check_record(
                federation,
                &round,
                found.and_then(|found| found.record).as_ref(),
            )?;
            compare(&replay)?;
            tell(&round);
            rounds.push(round);
        }
        if upgrades_code(&raw.header) && number < to {
            runtime = chain.runtime(&raw.header, genesis).await?;
        }
        let done = |to: u32| to.saturating_sub(view.created_at).saturating_add(1);
        passed(done(number), done(to));
    }
    let closed = replay.closed();
    if let Some(file) = file.filter(|file| file.round > closed) {
        let what = What::NoSuchRound { closed };
        return Err(Difference {
            block: None,
            federation,
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
            federation,
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

/// The chain became another one between two answers of the node.
pub(super) fn changed() -> Error {
    Error::Impossible("the chain took another branch meanwhile: ask again".into())
}

/// The runtime that executed block `number`. Where the node has pruned the state before that block, it is
/// the newest one, unless a block since then replaced it.
async fn first_runtime(chain: &Chain, number: u32, newest: &Header) -> Result<Runtime, Error> {
    let genesis = chain.genesis();
    let header = async |number| chain.header(chain.block_hash(number).await?).await;
    let parent = header(number.saturating_sub(1)).await?;
    let pruned = match chain.runtime(&parent, genesis).await {
        Err(Error::Pruned(block)) => Error::Pruned(block),
        runtime => return runtime,
    };
    let headers = stream::iter(number..newest.number).map(header);
    let mut headers = headers.buffered(IN_FLIGHT);
    while let Some(header) = headers.try_next().await? {
        if upgrades_code(&header) {
            return Err(pruned);
        }
    }
    match upgrades_code(newest) {
        true => Err(pruned),
        false => chain.runtime(newest, genesis).await,
    }
}

/// Compares a recomputed round with its record in state.
fn check_record(
    federation: u32,
    round: &Round,
    record: Option<&RoundRecord>,
) -> Result<(), Difference> {
    let differs = |field| Difference {
        block: Some(round.block),
        federation,
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
