//! One federation: its blocks replayed, and compared with the node's state and a model file.

use fedchain_fl::{
    H256,
    view::{Outcome, RoundRecord},
};
use fedchain_receipt::{Header, upgrades_code};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{
    Difference, What,
    fetch::{Raw, Scope},
    file::ModelFile,
    nothing::Nothing,
    past::Past,
    reach::Reach,
    replay::{Replay, Round},
    signed::Ancestors,
};
use crate::{
    Error,
    chain::{Chain, Head, blocks::spec_key, runtime::Runtime},
};

/// Headers asked for at once.
const IN_FLIGHT: usize = 32;

/// What is to be verified.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Number of the federation.
    pub federation: u32,
    /// The last block to read; none for the best one, or that which removed the federation.
    pub to: Option<u32>,
    /// A model file to compare.
    pub file: Option<&'a ModelFile>,
}

/// What was verified.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Number of the federation.
    pub federation: u32,
    /// First block read.
    pub from: u32,
    /// The last block that was read.
    #[serde(flatten)]
    pub reach: Reach,
    /// The block that removed the federation from the state, if one did.
    pub removed_at: Option<u32>,
    /// Rounds recomputed.
    pub rounds: Vec<Round>,
    /// Server models that they made.
    pub models: u32,
    /// Models that they made, and that were judged worse and not adopted.
    pub rejected: u32,
    /// Root of the newest recomputed server model.
    pub model_root: H256,
    /// The round whose model the file is, if one was compared.
    pub file_round: Option<u32>,
    /// Blocks with commits or reveals whose events the node has pruned: there the openings alone
    /// told failed transactions from others.
    pub pruned: u32,
}

impl Report {
    /// Whether a model was compared at all, one of the chain or a file.
    ///
    /// # Errors
    /// [`Nothing::NoRound`], [`Nothing::NoModel`].
    pub fn proves(&self) -> Result<(), Nothing> {
        let (federation, from, to) = (self.federation, self.from, self.reach.to);
        let removed_at = self.removed_at;
        let compares = self.models > 0 || self.rejected > 0 || self.file_round.is_some();
        match (compares, self.rounds.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => Err(Nothing::NoRound {
                federation,
                from,
                to,
                removed_at,
            }),
            (false, false) => Err(Nothing::NoModel {
                federation,
                from,
                to,
                removed_at,
            }),
        }
    }
}

/// Where a federation is: in the state, or only in blocks and old states.
struct Place {
    created_at: u32,
    removed_at: Option<u32>,
    /// The newest block whose state has it.
    last: Head,
}

impl Place {
    async fn find(chain: &Chain, federation: u32, best: Head) -> Result<Self, Error> {
        match chain.federation(federation, best.hash).await {
            Ok(view) => Ok(Self {
                created_at: view.created_at,
                removed_at: None,
                last: best,
            }),
            Err(Error::UnknownFederation(_)) => {
                let past = Past::find(chain, federation, best).await?;
                let number = past.removed_at.saturating_sub(1);
                let hash = chain.block_hash(number).await?;
                Ok(Self {
                    created_at: past.created_at,
                    removed_at: Some(past.removed_at),
                    last: Head { number, hash },
                })
            }
            Err(other) => Err(other),
        }
    }

    /// The last block to read.
    fn end(&self, asked: &Asked<'_>, best: u32) -> Result<u32, Nothing> {
        let to = asked.to.unwrap_or(self.removed_at.unwrap_or(best));
        match to {
            to if to > best => Err(Nothing::Ahead { to, best }),
            to if to < self.created_at => Err(Nothing::Before {
                federation: asked.federation,
                created_at: self.created_at,
                to,
            }),
            to => Ok(to),
        }
    }

    /// The state that has the record of a round that `closing` closed. A removal of many entries takes several
    /// transactions, so records may be gone before the federation is.
    fn state_of(&self, closing: Head) -> H256 {
        match self.removed_at {
            Some(_) => closing.hash,
            None => self.last.hash,
        }
    }
}

/// Replays a federation from its first block to the last one asked for, and compares it with the
/// headers' digests, the round records in state and, where given, a model file. Tells of each round, and
/// by `passed` how many blocks of how many are done.
///
/// # Errors
/// [`Error::Verify`] with the first difference; [`Error::Nothing`] when there are no such blocks. Whether the
/// blocks made a model, [`Report::proves`] says.
pub async fn verify(
    chain: &Chain,
    asked: Asked<'_>,
    tell: impl Fn(&Round),
    passed: impl Fn(u32, u32),
) -> Result<Report, Error> {
    let federation = asked.federation;
    let best = chain.best().await?;
    let place = Place::find(chain, federation, best).await?;
    let to = place.end(&asked, best.number)?;
    let from = place.created_at;
    let newest = chain.header(place.last.hash).await?;
    let genesis = chain.genesis();
    let spec = chain.spec(&newest, federation).await?;
    let file = asked.file.map(|file| file.read(&spec.task));
    let mut file = file.transpose()?;
    let mut replay = Replay::new(genesis, federation, spec)
        .map_err(|error| Error::Protocol(error.to_string()))?;
    let mut look = |replay: &Replay| file.as_mut().map_or(Ok(()), |file| file.look(replay));
    look(&replay)?;
    let mut runtime = first_runtime(chain, from, &newest).await?;
    let mut ancestors = Ancestors::named(genesis);
    let mut last: Option<Head> = None;
    let mut pruned = 0u32;
    let mut rounds = Vec::new();
    for number in from..=to {
        let raw = Raw::fetch(chain, number).await?;
        raw.check_header()?;
        raw.check_body()?;
        if last.is_some_and(|last| last.hash != raw.header.parent_hash) {
            return Err(changed());
        }
        last = Some(raw.head);
        if number == place.last.number && raw.head.hash != place.last.hash {
            return Err(changed());
        }
        if place.removed_at == Some(number)
            && (chain.proven(&raw.header, spec_key(federation)).await?).is_some()
        {
            return Err(changed());
        }
        let contents = raw.contents(chain, &runtime, &mut ancestors, Scope::One(federation));
        let mut contents = contents.await?;
        let block = contents.of(federation);
        let updates = block.reveals.iter().map(|reveal| reveal.succeeded);
        let holdouts = block.holdouts.iter().map(|reveal| reveal.succeeded);
        if updates.chain(holdouts).any(|known| known.is_none()) {
            pruned = pruned.saturating_add(1);
        }
        let was_whole = replay.is_whole();
        let closed = replay.block(block)?;
        if !was_whole {
            look(&replay)?;
        }
        for round in closed {
            let state = place.state_of(raw.head);
            let found = chain.round(federation, round.round, state).await?;
            check_record(
                federation,
                &round,
                found.and_then(|found| found.record).as_ref(),
            )?;
            look(&replay)?;
            tell(&round);
            rounds.push(round);
        }
        if upgrades_code(&raw.header) && number < to {
            runtime = chain.runtime(&raw.header, genesis).await?;
        }
        let done = |to: u32| to.saturating_sub(from).saturating_add(1);
        passed(done(number), done(to));
    }
    let next = replay.closed().saturating_add(1);
    let unseen = chain.round(federation, next, place.last.hash).await?;
    let unseen = unseen.and_then(|found| found.record);
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
    let ended = |is_so: fn(Outcome) -> bool| {
        let rounds = rounds.iter().filter(|round| is_so(round.outcome));
        rounds.count() as u32
    };
    Ok(Report {
        federation,
        from,
        reach: Reach::of(chain, last.ok_or_else(changed)?).await?,
        removed_at: place.removed_at.filter(|removed_at| *removed_at <= to),
        models: ended(Outcome::is_adopted),
        rejected: ended(|outcome| outcome == Outcome::Worse),
        rounds,
        model_root: replay.model_root(),
        file_round: file.map(|file| file.end(&replay, to)).transpose()?,
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
