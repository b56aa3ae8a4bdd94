//! Judging a federation's models, round by round, on rows that nobody trains on.
//!
//! ```text
//! best block --decide--> store -> commit holdout -> (the round runs) -> reveal holdout -> ...
//! ```
//!
//! The rows are cut into holdouts in the order of the file. Each judges one round, and is public from
//! its reveal on. The opening of a commitment is on disk before the commitment is sent.

pub mod decide;
pub mod report;
mod rows;

use std::{path::PathBuf, pin::pin};

use fedchain_commitment::{HoldoutOpening, Tree};
use fedchain_fl::{Gate, H256, score::Holdout, view::PhaseView};
use fedchain_learn::data::Reading;
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, FederationView, Wait, call::Call},
    keys,
    session::{
        reconnect::{place_on, regain, settled_round},
        send::{bid, send},
        stake::stopped,
    },
    store::{KeptHoldout, Place, Store},
};
use decide::{Kept, Step, next_step};
use report::{End, Event, Summary};

/// Name of the pallet's error when somebody has used the same rows before.
const USED: &str = "HoldoutUsed";

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Job {
    /// Address of the node.
    pub url: String,
    /// Number of the federation.
    pub federation: u32,
    /// The rows: CSV, TSV or Parquet.
    pub data: PathBuf,
    /// Header of the target column, where it is not the schema's.
    pub target: Option<String>,
    /// How to read the file.
    pub reading: Reading,
    /// The most that is bid for a place in a block; none: a tenth of the bond.
    pub tip_max: Option<Amount>,
    /// Where openings are kept.
    pub state_dir: PathBuf,
}

/// What a user must agree to.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Holdouts at hand that were not used yet.
    pub holdouts: usize,
    /// Rows of each, public once revealed.
    pub rows: u32,
    /// Rows at the end of the file that make no holdout.
    pub rest: usize,
    /// Rounds to come.
    pub rounds: u32,
    /// Held from each commitment to its reveal.
    pub bond: Amount,
}

/// Where a session's log goes.
pub type Tell<'a> = &'a dyn Fn(&Event);

struct Session<'a> {
    job: &'a Job,
    key: &'a Keypair,
    tell: Tell<'a>,
    account: AccountId,
    store: Store,
    created_at: u32,
    rounds_max: u32,
    /// Holdouts that were not used yet, the next one last.
    unused: Vec<Holdout>,
    /// A round whose holdout was revealed and whose judgement was not told yet.
    awaited: Option<u32>,
    /// A commitment on chain that cannot be opened, as was told.
    lost: Option<H256>,
    summary: Summary,
}

/// Judges models until the federation is over or the rows are used up, and tells of it by `tell`. Sends
/// nothing before `agree` has said yes to the plan.
///
/// # Errors
/// Whatever the user must know of: bad data, no seat, a low balance, no consent. A lost connection is
/// none; the node is tried again until it is back. [`Error::Stopped`] once `stop` says so.
pub async fn run(
    job: &Job,
    key: &Keypair,
    agree: impl Fn(&Plan) -> Result<bool, Error>,
    tell: Tell<'_>,
    stop: impl Future<Output = ()>,
) -> Result<Summary, Error> {
    let mut stop = pin!(stop);
    let mut chain = Chain::connect(&job.url, Wait::Best).await?;
    let (mut session, place, plan) = Session::open(&chain, job, key, tell).await?;
    if !agree(&plan)? {
        return Err(Error::Impossible("nothing was sent".into()));
    }
    loop {
        let end = tokio::select! {
            end = session.follow(&chain) => end,
            () = &mut stop => return Err(session.stopped(&chain).await),
        };
        let Err(Error::Lost { reason, .. }) = end else {
            return end;
        };
        let note = |text| session.note(text);
        chain = tokio::select! {
            back = regain(&job.url, &place, session.created_at, &reason, note) => back?,
            () = &mut stop => return Err(session.stopped(&chain).await),
        };
    }
}

/// The calls of an evaluator's round, as long as the real ones, and its bond.
///
/// # Errors
/// [`Error::Impossible`] when the federation has no gate.
pub async fn rehearse(chain: &Chain, federation: u32) -> Result<(Vec<Call>, Amount), Error> {
    let view = chain
        .federation(federation, chain.best().await?.hash)
        .await?;
    let gate = gate_of(&view)?;
    let bytes = vec![0; Holdout::bytes(&view.spec.task, gate.rows) as usize];
    let mut calls = vec![Call::commit_holdout(federation, view.round, H256::zero())];
    let reveal = |part| Call::reveal_holdout(federation, view.round, [0; 32], part);
    calls.extend(Tree::Holdout.parts(&bytes).iter().map(reveal));
    Ok((calls, Amount(gate.bond)))
}

impl<'a> Session<'a> {
    async fn open(
        chain: &Chain,
        job: &'a Job,
        key: &'a Keypair,
        tell: Tell<'a>,
    ) -> Result<(Session<'a>, Place, Plan), Error> {
        let account = keys::account(key);
        let head = chain.best().await?;
        let view = chain.federation(job.federation, head.hash).await?;
        let gate = gate_of(&view)?;
        let is_over = matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled);
        if !is_over && decide::seat_of(&view, &account).is_none() {
            return Err(no_seat(&view, &account));
        }
        let task = &view.spec.task;
        let target = job.target.as_deref();
        let note = |text| tell(&Event::Note { text });
        let data = crate::rows::read(&job.data, &job.reading, &task.schema, target, note)?;
        let place = place_on(chain, job.federation, account).await?;
        let store = Store::open(&job.state_dir, &place)?;
        let mut used = store.used_holdouts()?;
        let mut unused = rows::holdouts(task, &data, gate.rows)?;
        // The same rows judge once, also where the file has them twice.
        unused.retain(|holdout| {
            let root = Tree::Holdout.root_of(&holdout.encode());
            let is_new = !used.contains(&root);
            used.push(root);
            is_new
        });
        unused.reverse();
        let plan = Plan {
            holdouts: unused.len(),
            rows: gate.rows,
            rest: data.rows().checked_rem(gate.rows as usize).unwrap_or(0),
            rounds: view.last_round().saturating_sub(view.round),
            bond: Amount(gate.bond),
        };
        tell(&Event::Start {
            federation: job.federation,
            name: view.spec.name.to_string(),
            account,
            holdouts: unused.len(),
            rows: gate.rows,
        });
        let session = Session {
            job,
            key,
            tell,
            account,
            store,
            created_at: view.created_at,
            rounds_max: view.last_round(),
            unused,
            awaited: None,
            lost: None,
            summary: Summary {
                federation: job.federation,
                end: End::Over,
                committed: 0,
                revealed: 0,
            },
        };
        Ok((session, place, plan))
    }

    /// Decides and acts on every block until there is nothing left to do.
    async fn follow(&mut self, chain: &Chain) -> Result<Summary, Error> {
        let mut heads = chain.heads().await?;
        loop {
            let head = chain.best().await?;
            let view = chain.federation(self.job.federation, head.hash).await?;
            self.observe(chain, head.hash).await?;
            let time_ms = chain.time_ms(head).await?;
            let current = self.recall(&view)?;
            let next = self.store.load_holdout(view.round.saturating_add(1))?;
            let kept = Kept {
                current: current.as_ref().map(|kept| kept.commitment),
                next: next.is_some(),
                unused: !self.unused.is_empty(),
            };
            let step = next_step(&view, &self.account, head.number, time_ms, &kept);
            chain.bid(match step {
                Step::Reveal => {
                    let bond = view.spec.gate.as_ref().map_or(0, |gate| gate.bond);
                    let next = head.number.saturating_add(1);
                    bid(&view, next, Amount(bond), self.job.tip_max)
                }
                _ => 0,
            });
            let done = match step {
                Step::Stop => return Ok(self.finish(End::Over)),
                Step::Exhausted if self.awaited.is_none() => {
                    return Ok(self.finish(End::Exhausted));
                }
                Step::Exhausted | Step::Wait => false,
                Step::NoSeat => return Err(no_seat(&view, &self.account)),
                Step::Commit => self.commit(chain, &view, next).await?,
                Step::Reveal => self.reveal(chain, &view, current).await?,
                Step::Advance => {
                    let call = Call::advance(self.job.federation);
                    self.send(chain, &call).await?.is_some()
                }
            };
            if !done {
                heads.next().await?;
            }
        }
    }

    /// The end of a session that is asked to stop: says what that puts at stake.
    async fn stopped(&self, chain: &Chain) -> Error {
        stopped(chain, self.job.federation, |view, _| {
            decide::at_stake(view, &self.account)
        })
        .await
    }

    /// Takes the opening for this round from disk, and tells when the commitment on chain is another's.
    fn recall(&mut self, view: &FederationView) -> Result<Option<KeptHoldout>, Error> {
        let kept = self.store.load_holdout(view.round)?;
        let on_chain = decide::holdout_of(view, &self.account, view.round)
            .filter(|holdout| !holdout.revealed)
            .map(|holdout| holdout.commitment);
        let kept = kept.filter(|kept| Some(kept.commitment) == on_chain);
        if kept.is_none() && on_chain.is_some() && self.lost != on_chain {
            self.lost = on_chain;
            self.note(format!(
                "the holdout of round {} was not committed from {}: without its opening it cannot be \
                 revealed, and its bond is lost",
                view.round,
                self.store.dir().display()
            ));
        }
        Ok(kept.filter(|kept| self.lost != Some(kept.commitment)))
    }

    /// Tells of a round that was judged.
    async fn observe(&mut self, chain: &Chain, at: H256) -> Result<(), Error> {
        let Some(round) = self.awaited else {
            return Ok(());
        };
        let found = chain.round(self.job.federation, round, at).await?;
        if let Some(record) = found.and_then(|found| found.record) {
            (self.tell)(&Event::Judged {
                round,
                rounds_max: self.rounds_max,
                outcome: record.outcome,
                judgement: chain.gate(self.job.federation, round, at).await?,
            });
            self.awaited = None;
        }
        Ok(())
    }

    /// Commits to a holdout for the coming round: to the one that is kept for it, or to a new one.
    async fn commit(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        kept: Option<KeptHoldout>,
    ) -> Result<bool, Error> {
        let round = view.round.saturating_add(1);
        let bond = Amount(gate_of(view)?.bond);
        let call = |commitment| Call::commit_holdout(view.federation, round, commitment);
        // Asked first: what is kept counts as used.
        match chain
            .ensure_payable(self.key, &call(H256::zero()), bond)
            .await
        {
            // The bond of this round's holdout returns with its reveal.
            Err(Error::LowBalance { .. }) if decide::has_open(view, &self.account) => {
                return Ok(false);
            }
            payable => payable?,
        }
        let kept = match kept {
            Some(kept) => kept,
            None => match self.next_unused(chain, view).await? {
                Some(holdout) => {
                    let settled = settled_round(chain, view.federation).await;
                    self.store.forget_before(settled)?;
                    self.keep(chain.genesis(), view, round, &holdout)?
                }
                None => return Ok(false),
            },
        };
        let Some(block) = self.send(chain, &call(kept.commitment)).await? else {
            return Ok(false);
        };
        self.summary.committed = self.summary.committed.saturating_add(1);
        (self.tell)(&Event::Commit {
            round,
            rounds_max: self.rounds_max,
            block,
        });
        Ok(true)
    }

    /// The next holdout whose rows have judged no round, by whomever.
    async fn next_unused(
        &mut self,
        chain: &Chain,
        view: &FederationView,
    ) -> Result<Option<Holdout>, Error> {
        let head = chain.best().await?;
        while let Some(holdout) = self.unused.pop() {
            let root = Tree::Holdout.root_of(&holdout.encode());
            if !chain.has_judged(view.federation, root, head).await? {
                return Ok(Some(holdout));
            }
            self.note("a holdout is left out: its rows judged a round before".into());
        }
        Ok(None)
    }

    /// Makes the commitment to a holdout and keeps its opening; the holdout counts as used from here on.
    fn keep(
        &self,
        genesis: H256,
        view: &FederationView,
        round: u32,
        holdout: &Holdout,
    ) -> Result<KeptHoldout, Error> {
        let bytes = holdout.encode();
        let opening = HoldoutOpening {
            genesis,
            federation: view.federation,
            round,
            spec_hash: view.spec_hash,
            account: self.account.0,
            values_root: Tree::Holdout.root_of(&bytes),
            salt: rand::random(),
        };
        let kept = KeptHoldout {
            round,
            salt: H256(opening.salt),
            commitment: opening.commitment(),
            bytes,
        };
        self.store.save_holdout(&kept, opening.values_root)?;
        Ok(kept)
    }

    /// Sends the parts of the holdout that the chain has not taken yet.
    async fn reveal(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        kept: Option<KeptHoldout>,
    ) -> Result<bool, Error> {
        let round = view.round;
        let Some(kept) = kept else {
            return Ok(false);
        };
        let received = decide::holdout_of(view, &self.account, round).map_or(0, |h| h.received);
        let mut last = 0;
        for part in Tree::Holdout
            .parts(&kept.bytes)
            .iter()
            .filter(|part| part.first >= received)
        {
            let call = Call::reveal_holdout(view.federation, round, kept.salt.0, part);
            let sent = match self.send(chain, &call).await {
                Err(Error::Failed { name, reason, .. }) if name == USED => {
                    self.lost = Some(kept.commitment);
                    self.note(format!(
                        "the holdout of round {round} is refused, and its bond is lost: {reason}"
                    ));
                    None
                }
                sent => sent?,
            };
            let Some(block) = sent else {
                return Ok(false);
            };
            last = block;
        }
        self.summary.revealed = self.summary.revealed.saturating_add(1);
        self.awaited = Some(round);
        (self.tell)(&Event::Reveal {
            round,
            rounds_max: self.rounds_max,
            block: last,
        });
        Ok(true)
    }

    async fn send(&self, chain: &Chain, call: &Call) -> Result<Option<u32>, Error> {
        send(chain, self.key, call, |text| self.note(text)).await
    }

    fn finish(&mut self, end: End) -> Summary {
        self.summary.end = end;
        (self.tell)(&Event::Summary(self.summary.clone()));
        self.summary.clone()
    }

    fn note(&self, text: String) {
        (self.tell)(&Event::Note { text });
    }
}

/// The federation's gate.
pub(crate) fn gate_of(view: &FederationView) -> Result<&Gate<u128>, Error> {
    view.spec.gate.as_ref().ok_or_else(|| {
        Error::Impossible(format!(
            "federation {} has no quality gate: its models are adopted unjudged",
            view.federation
        ))
    })
}

fn no_seat(view: &FederationView, account: &AccountId) -> Error {
    Error::Impossible(format!(
        "{account} is no evaluator of federation {0}: ask its owner {1} to run `fedchain federation \
         appoint {0} {account}`",
        view.federation, view.owner
    ))
}
