//! Taking part in a federation, from joining block to last round.
//!
//! ```text
//! best block --decide--> train -> store -> commit -> (settle) -> reveal -> (aggregate) -> ...
//! ```
//!
//! On every block the client reads the federation, decides by [`decide::next_step`] and acts. The
//! opening of a commitment is on disk before the commitment is sent.

mod certified;
pub mod decide;
pub mod noise;
pub(crate) mod reconnect;
pub mod rehearse;
pub mod report;
pub(crate) mod seat;
pub(crate) mod send;
pub(crate) mod stake;
mod submit;
mod update;
mod work;

pub use work::Source;

use std::{path::PathBuf, pin::pin};

use fedchain_commitment::parts;
use fedchain_fl::view::PhaseView;
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    amount::Amount,
    certify::Examination,
    chain::{AccountId, Chain, FederationView, Head, Wait, call::Call},
    keys, phase,
    store::{Kept, Place, Store},
    words,
};
use decide::{Step, next_step};
use reconnect::{place_on, regain, settled_round};
use report::{End, Event, Summary};
use seat::{Seat, client_of, dropped};
use send::{bid, send};
use stake::{burned, ensure_place, lost};
use submit::Progress;
use work::Work;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Job {
    /// Address of the node.
    pub url: String,
    /// Number of the federation.
    pub federation: u32,
    /// Where updates come from.
    pub source: Source,
    /// The most that is bid for a place in a block; none: a tenth of the bond.
    pub tip_max: Option<Amount>,
    /// When the end of the federation is believed.
    pub wait: Wait,
    /// Where openings are kept.
    pub state_dir: PathBuf,
}

/// Where a session's log goes.
pub type Tell<'a> = &'a dyn Fn(&Event);

/// The round that is open.
#[derive(Debug, Clone)]
struct Current {
    round: u32,
    /// Clients on the round's roster, where it was seen open.
    roster: Option<u32>,
    kept: Option<Kept>,
}

struct Session<'a> {
    job: &'a Job,
    key: &'a Keypair,
    tell: Tell<'a>,
    account: AccountId,
    work: Work,
    store: Store,
    /// Height of the block that created the federation.
    created_at: u32,
    current: Option<Current>,
    is_waiting: bool,
    /// What is known of a certified round's moments.
    examination: Examination,
    /// Round and end of a window for which this client finds no solution, or cannot pay.
    unsolved: Option<(u32, u64)>,
    /// Round and phase that were last waited for.
    waited: Option<(u32, &'static str)>,
    seat: Seat,
    progress: Progress,
    /// A round before this session whose bond was burned.
    burned: Option<u32>,
    summary: Summary,
}

/// Takes part until the federation is over, or the one round of weights from a file, and tells of it by
/// `tell`.
///
/// # Errors
/// Whatever the user must know of: bad data, a missing membership, a low balance, weights that no round
/// took, a bond that was lost before. A lost connection is none; the node is tried again until it is back.
/// [`Error::Stopped`] once `stop` says so.
pub async fn run(
    job: &Job,
    key: &Keypair,
    tell: Tell<'_>,
    stop: impl Future<Output = ()>,
) -> Result<Summary, Error> {
    let mut stop = pin!(stop);
    let mut chain = Chain::connect(&job.url, Wait::Best).await?;
    let (mut session, place) = Session::open(&chain, job, key, tell).await?;
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

impl<'a> Session<'a> {
    async fn open(
        chain: &Chain,
        job: &'a Job,
        key: &'a Keypair,
        tell: Tell<'a>,
    ) -> Result<(Session<'a>, Place), Error> {
        let account = keys::account(key);
        let head = chain.best().await?;
        let view = chain.federation(job.federation, head.hash).await?;
        let place = place_on(chain, job.federation, account).await?;
        let store = Store::open(&job.state_dir, &place)?;
        let burned = match burned(chain, &view, &account, &store, head).await {
            Err(error @ Error::Lost { .. }) => return Err(error),
            // What became of an earlier bond must not cost this round's.
            found => found.unwrap_or_default(),
        };
        ensure_place(&view, &account, &store, burned)?;
        let task = &view.spec.task;
        let note = |text| tell(&Event::Note { text });
        let work = Work::read(&job.source, job.federation, &view.spec, note)?;
        let model = chain
            .model(job.federation, task.format, None, head.hash)
            .await?;
        let loss = work.evaluate(task, &model)?.map(|metrics| metrics.loss);
        tell(&Event::Start {
            federation: Some(job.federation),
            name: view.spec.name.to_string(),
            account,
            rows: work.rows(),
        });
        if let Some(text) = words::cut(&view.spec, work.rows()) {
            tell(&Event::Note { text });
        }
        let summary = Summary {
            federation: Some(job.federation),
            end: End::Finished,
            rounds: 0,
            adopted: 0,
            revealed: 0,
            loss_first: loss,
            loss_last: loss,
            model_root: view.model_root,
            traffic: None,
        };
        let session = Session {
            job,
            key,
            tell,
            account,
            work,
            store,
            created_at: view.created_at,
            current: None,
            is_waiting: false,
            examination: Examination::default(),
            unsolved: None,
            waited: None,
            seat: Seat::default(),
            progress: Progress::default(),
            burned,
            summary,
        };
        if let Some(round) = burned {
            session.note(lost(&view, round, "later rounds go on").to_string());
        }
        session.ensure_accounted(&view)?;
        Ok((session, place))
    }

    /// Decides and acts on every block until the federation is over.
    async fn follow(&mut self, chain: &Chain) -> Result<Summary, Error> {
        let mut heads = chain.heads().await?;
        loop {
            let head = chain.best().await?;
            let view = match chain.federation(self.job.federation, head.hash).await {
                // A reorganisation took the block that created it, and may bring its call back.
                Err(Error::UnknownFederation(_))
                    if chain.finalised().await?.number < self.created_at =>
                {
                    heads.next().await?;
                    continue;
                }
                view => view?,
            };
            self.observe(chain, &view, head).await?;
            if self.is_submitted(&view) {
                match self.is_settled(chain).await? {
                    true => return self.finish(chain, &view).await,
                    false => heads.next().await?,
                }
                continue;
            }
            self.recall(chain, &view, head).await?;
            let time_ms = chain.time_ms(head).await?;
            let kept = self
                .current
                .as_ref()
                .and_then(|current| current.kept.as_ref());
            let step = next_step(&view, &self.account, head.number, time_ms, kept);
            let step = self.narrow(step, &view)?;
            chain.bid(match step {
                Step::Commit | Step::Reveal | Step::Refute | Step::Certify => {
                    let bond = Amount(view.spec.bond);
                    bid(&view, head.number.saturating_add(1), bond, self.job.tip_max)
                }
                _ => 0,
            });
            let done = match step {
                Step::Stop
                    if self.job.wait == Wait::Finalised && !self.is_final(chain, &view).await? =>
                {
                    false
                }
                Step::Stop => return self.finish(chain, &view).await,
                // A reorganisation may have taken the block in which the account joined.
                Step::NotMember if chain.finalised().await?.number <= self.seat.seen_at => {
                    self.wait_for_seat(&view);
                    false
                }
                Step::NotMember if self.seat.is_given_up => return self.finish(chain, &view).await,
                Step::NotMember => return Err(dropped(&view, &self.account)),
                Step::Wait => {
                    if matches!(view.phase, PhaseView::Reveal { .. }) {
                        self.examine(chain, &view, head).await?;
                    }
                    self.wait(chain, &view, head).await?;
                    false
                }
                Step::Train => {
                    self.train(chain, &view, head).await?;
                    true
                }
                Step::Commit => self.commit(chain, &view).await?,
                Step::Reveal => self.reveal(chain, &view).await?,
                Step::Refute => self.refute(chain, &view, head).await? == Some(true),
                Step::Certify => self.certify(chain, &view, head).await?,
                Step::Advance => self
                    .send(chain, &Call::advance(self.job.federation))
                    .await?
                    .is_some(),
            };
            if !done {
                heads.next().await?;
            }
        }
    }

    /// Tells what changed since the last block: rounds that closed, a round that opened.
    async fn observe(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let is_open = phase::is_open(&view.phase);
        let client = client_of(view, &self.account);
        self.seat.look(client, view.round, head.number);
        if let Some(client) = client {
            if client.committed {
                self.progress.committed_in = Some(view.round);
            }
            if client.revealed {
                self.count_reveal(view.round);
            }
        }
        let last = if is_open {
            view.round.saturating_sub(1)
        } else {
            view.round
        };
        while let Some(Current { round, roster, .. }) = self.current
            && round <= last
        {
            self.close(chain, view, head, round, roster).await?;
            self.current = (round < last).then(|| Current {
                round: round.saturating_add(1),
                roster: None,
                kept: None,
            });
        }
        // A reorganisation may have come back to an earlier round.
        self.current
            .take_if(|current| !is_open || current.round != view.round);
        if is_open && self.current.is_none() {
            self.enter(chain, view, head).await?;
        }
        let is_waiting = matches!(view.phase, PhaseView::Waiting);
        if is_waiting && !self.is_waiting {
            (self.tell)(&Event::Waiting {
                clients: view.clients.len(),
                clients_min: view.spec.clients_min,
            });
        }
        self.is_waiting = is_waiting;
        Ok(())
    }

    /// A round opened, or is found open after a restart.
    async fn enter(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let round = view.round;
        let found = chain.round(view.federation, round, head.hash).await?;
        // A closed round or none has no roster: the owner ended the federation while it waited.
        let Some(roster) = found.and_then(|found| found.roster) else {
            return Ok(());
        };
        (self.tell)(&Event::Round {
            round,
            rounds_max: view.last_round(),
            clients: roster,
        });
        self.store.forget_before(self.settled_round(chain).await)?;
        let mut kept = self.opening(chain, view, head, round).await?;
        if client_of(view, &self.account).is_some_and(|c| c.committed && !c.revealed) {
            let on_chain = chain
                .commitment(view.federation, &self.account, head)
                .await?;
            kept = kept.filter(|kept| Some(kept.commitment) == on_chain);
            self.note(match &kept {
                Some(_) => format!(
                    "resumed: the commitment of round {round} is on chain, its opening on disk"
                ),
                None => format!(
                    "the commitment of round {round} was not made from {}: without its opening it \
                     cannot be revealed, and its bond is lost",
                    self.store.dir().display()
                ),
            });
        }
        self.current = Some(Current {
            round,
            roster: Some(roster),
            kept,
        });
        Ok(())
    }

    /// Says once in each phase what is waited for, and for how long.
    async fn wait(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let phase = (view.round, phase::word(&view.phase));
        if !self.is_waiting && self.waited.replace(phase) != Some(phase) {
            let clock = chain.clock(head).await?;
            self.note(phase::describe(&view.phase, &clock));
        }
        Ok(())
    }

    /// Says once that the seat is gone from the best block, which may not be the last word.
    fn wait_for_seat(&mut self, view: &FederationView) {
        let phase = (view.round, "seat");
        if self.waited.replace(phase) != Some(phase) {
            self.note(format!(
                "{} has no seat in the newest block: waiting until that is final",
                self.account
            ));
        }
    }

    /// Takes the opening for this server model from disk, if it is not the one at hand: the chain may
    /// have changed sides. Where a commitment is on chain, only its own opening counts: any other would
    /// become public for nothing.
    async fn recall(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let Some(Current { round, kept, .. }) = self.current.clone() else {
            return Ok(());
        };
        let mut kept = match kept.filter(|kept| kept.base_root == view.model_root) {
            Some(kept) => Some(kept),
            None => self.opening(chain, view, head, round).await?,
        };
        if client_of(view, &self.account).is_some_and(|c| c.committed && !c.revealed) {
            let on_chain = chain
                .commitment(view.federation, &self.account, head)
                .await?;
            kept = kept.filter(|kept| Some(kept.commitment) == on_chain);
        }
        if kept.is_none() && self.progress.committed_in == Some(round) {
            self.progress.others_in = Some(round);
        }
        if let Some(current) = &mut self.current {
            current.kept = kept;
        }
        Ok(())
    }

    async fn settled_round(&self, chain: &Chain) -> u32 {
        settled_round(chain, self.job.federation).await
    }

    /// Whether the federation's end is final.
    async fn is_final(&self, chain: &Chain, view: &FederationView) -> Result<bool, Error> {
        let head = chain.finalised().await?;
        let settled = chain.federation(self.job.federation, head.hash).await;
        Ok(settled.is_ok_and(|settled| settled.phase == view.phase))
    }

    /// A round closed: tells how, and how good the new server model is on the client's rows, once the node
    /// has answered all that takes.
    async fn close(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
        round: u32,
        roster: Option<u32>,
    ) -> Result<(), Error> {
        let found = chain.round(view.federation, round, head.hash).await?;
        let Some(record) = found.and_then(|found| found.record) else {
            return Ok(());
        };
        let task = &view.spec.task;
        let metrics = if record.model_root == view.model_root {
            let model = chain.model(view.federation, task.format, None, head.hash);
            self.work.evaluate(task, &model.await?)?
        } else {
            None
        };
        self.summary.rounds = self.summary.rounds.saturating_add(1);
        self.summary.model_root = record.model_root;
        (self.tell)(&Event::Aggregate {
            round,
            block: Some(record.closed_at),
            results: record.accepted,
            failures: roster.map_or(0, |roster| roster.saturating_sub(record.accepted)),
            outcome: record.outcome,
            model_root: record.model_root,
        });
        if matches!(self.work, Work::Weights { .. }) && self.progress.committed_in == Some(round) {
            self.progress.closed = Some(round);
        }
        if record.outcome.is_adopted() {
            self.summary.adopted = self.summary.adopted.saturating_add(1);
        }
        if let Some(metrics) = metrics {
            self.summary.loss_last = Some(metrics.loss);
            (self.tell)(&Event::Evaluate { round, metrics });
        }
        Ok(())
    }

    async fn commit(&mut self, chain: &Chain, view: &FederationView) -> Result<bool, Error> {
        let Some(kept) = self.kept() else {
            return Ok(false);
        };
        let call = Call::commit(view.federation, kept.round, kept.base_root, kept.commitment);
        chain
            .ensure_payable(
                self.key,
                &call,
                Amount(view.spec.bond.saturating_add(view.aggregation_fee)),
            )
            .await?;
        let Some(block) = self.send(chain, &call).await? else {
            return Ok(false);
        };
        (self.tell)(&Event::Commit {
            round: kept.round,
            block,
        });
        Ok(true)
    }

    /// Sends the parts of the update that the chain has not taken yet.
    async fn reveal(&mut self, chain: &Chain, view: &FederationView) -> Result<bool, Error> {
        let Some(kept) = self.kept() else {
            return Ok(false);
        };
        let bytes = view
            .spec
            .task
            .format
            .encode(&kept.values)
            .map_err(|error| Error::Impossible(error.to_string()))?;
        let received = client_of(view, &self.account).map_or(0, |client| client.received);
        let mut last = 0;
        let parts = parts(&bytes);
        for (part, done) in parts.iter().zip(1..) {
            if part.first < received {
                continue;
            }
            let call = Call::reveal(
                view.federation,
                kept.round,
                kept.sample_count,
                kept.privacy,
                kept.salt.0,
                part,
            );
            let Some(block) = self.send(chain, &call).await? else {
                return Ok(false);
            };
            last = block;
            if done < parts.len() as u32 {
                (self.tell)(&Event::Part {
                    round: kept.round,
                    done,
                    parts: parts.len() as u32,
                });
            }
        }
        self.count_reveal(kept.round);
        (self.tell)(&Event::Reveal {
            round: kept.round,
            block: last,
        });
        Ok(true)
    }

    async fn send(&self, chain: &Chain, call: &Call) -> Result<Option<u32>, Error> {
        send(chain, self.key, call, |text| self.note(text)).await
    }

    async fn finish(&mut self, chain: &Chain, view: &FederationView) -> Result<Summary, Error> {
        let settled = match self.job.wait {
            Wait::Best => self.settled_round(chain).await,
            Wait::Finalised => u32::MAX,
        };
        self.store.forget_before(settled)?;
        self.summary.model_root = view.model_root;
        self.summary.end = match view.phase {
            _ if self.is_submitted(view) => End::Submitted,
            PhaseView::Finished => End::Finished,
            PhaseView::Cancelled => End::Cancelled,
            _ => End::Left,
        };
        (self.tell)(&Event::Summary(self.summary.clone()));
        self.ensure_taken()?;
        if let Some(round) = self.burned {
            return Err(lost(view, round, "the federation is over"));
        }
        Ok(self.summary.clone())
    }

    /// Once for each round, whoever of this account's processes sent the reveal.
    fn count_reveal(&mut self, round: u32) {
        if self.progress.revealed_in.replace(round) != Some(round) {
            self.summary.revealed = self.summary.revealed.saturating_add(1);
        }
    }

    /// The opening on disk for the current round.
    fn kept(&self) -> Option<Kept> {
        self.current.as_ref()?.kept.clone()
    }

    fn note(&self, text: String) {
        (self.tell)(&Event::Note { text });
    }
}
