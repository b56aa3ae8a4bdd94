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
pub(crate) mod reconnect;
pub mod report;
pub(crate) mod send;

use std::path::PathBuf;

use fedchain_commitment::{Opening, parts, values_root};
use fedchain_fl::{
    H256, NormRule, norm,
    view::{ClientView, PhaseView},
};
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, FederationView, Head, Wait, call::Call},
    data::Dataset,
    keys,
    learn::{self, Hyper},
    store::{Kept, Place, Store},
};
use decide::{Step, next_step};
use reconnect::{is_back, place_on, reconnect, settled_round};
use report::{End, Event, Summary};
use send::send;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Job {
    /// Address of the node.
    pub url: String,
    /// Number of the federation.
    pub federation: u32,
    /// The CSV file.
    pub data: PathBuf,
    /// Header of the target column, where it is not the schema's.
    pub target: Option<String>,
    /// How to train.
    pub hyper: Hyper,
    /// Whether the rows' second moments may become public.
    pub send_moments: bool,
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
    roster: u32,
    kept: Option<Kept>,
}

struct Session<'a> {
    job: &'a Job,
    key: &'a Keypair,
    tell: Tell<'a>,
    account: AccountId,
    data: Dataset,
    store: Store,
    /// Height of the block that created the federation.
    created_at: u32,
    current: Option<Current>,
    is_waiting: bool,
    is_leaving: bool,
    summary: Summary,
}

/// Takes part until the federation is over, and tells of it by `tell`.
///
/// # Errors
/// Whatever the user must know of: bad data, a missing membership, a low balance. A lost connection
/// is none; the node is tried again until it is back.
pub async fn run(job: &Job, key: &Keypair, tell: Tell<'_>) -> Result<Summary, Error> {
    let mut chain = Chain::connect(&job.url, Wait::Best).await?;
    let (mut session, place) = Session::open(&chain, job, key, tell).await?;
    loop {
        match session.follow(&chain).await {
            Err(Error::Unreachable { reason, .. }) => {
                session.note(format!("the node went away ({reason}): waiting for it"));
                chain = reconnect(&job.url).await;
                match is_back(&chain, &place, session.created_at).await {
                    Ok(true) => session.note("the node is back".into()),
                    Ok(false) => {
                        return Err(Error::Impossible(format!(
                            "the node is back with another chain, on which federation {} is not \
                             the one that was trained for",
                            job.federation
                        )));
                    }
                    // The next look tells.
                    Err(Error::Unreachable { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            end => return end,
        }
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
        let is_over = matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled);
        if !is_over && client_of(&view, &account).is_none() {
            return Err(not_member(&view, &account));
        }
        let task = &view.spec.task;
        if task.strategy.terms().is_some() && !job.send_moments {
            return Err(Error::Impossible(format!(
                "federation {} asks for the second moments of your rows (X'X and X'y), which become \
                 public: agree by --send-moments",
                job.federation
            )));
        }
        let schema = &task.schema;
        let data = Dataset::read_csv(&job.data, schema, job.target.as_deref())?;
        let place = place_on(chain, job.federation, account).await?;
        let store = Store::open(&job.state_dir, &place)?;
        let model = chain
            .model(job.federation, view.spec.task.format, None, head.hash)
            .await?;
        let metrics = learn::evaluate(&view.spec.task, &model.values, &data)?;
        tell(&Event::Start {
            federation: job.federation,
            name: view.spec.name.to_string(),
            account,
            rows: data.rows(),
        });
        let summary = Summary {
            federation: job.federation,
            end: End::Finished,
            rounds: 0,
            adopted: 0,
            revealed: 0,
            loss_first: Some(metrics.loss),
            loss_last: Some(metrics.loss),
            model_root: view.model_root,
        };
        let session = Session {
            job,
            key,
            tell,
            account,
            data,
            store,
            created_at: view.created_at,
            current: None,
            is_waiting: false,
            is_leaving: false,
            summary,
        };
        Ok((session, place))
    }

    /// Decides and acts on every block until the federation is over.
    async fn follow(&mut self, chain: &Chain) -> Result<Summary, Error> {
        let mut heads = chain.heads().await?;
        loop {
            let head = chain.best().await?;
            let view = chain.federation(self.job.federation, head.hash).await?;
            self.observe(chain, &view, head).await?;
            self.recall(&view)?;
            let time_ms = chain.time_ms(head).await?;
            let kept = self
                .current
                .as_ref()
                .and_then(|current| current.kept.as_ref());
            let done = match next_step(&view, &self.account, head.number, time_ms, kept) {
                Step::Stop
                    if self.job.wait == Wait::Finalised && !self.is_final(chain, &view).await? =>
                {
                    false
                }
                Step::Stop => return self.finish(chain, &view).await,
                Step::NotMember if self.is_leaving => return self.finish(chain, &view).await,
                Step::NotMember => return Err(dropped(&view, &self.account)),
                Step::Wait => false,
                Step::Train => {
                    self.train(chain, &view, head).await?;
                    true
                }
                Step::Commit => self.commit(chain, &view).await?,
                Step::Reveal => self.reveal(chain, &view).await?,
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
        let is_open = matches!(
            view.phase,
            PhaseView::Commit { .. }
                | PhaseView::Settle { .. }
                | PhaseView::Reveal { .. }
                | PhaseView::Certify { .. }
                | PhaseView::Aggregate
                | PhaseView::Gate { .. }
        );
        if let Some(client) = client_of(view, &self.account) {
            self.is_leaving = client.leaving;
        }
        if let Some(current) = self.current.take_if(|c| !is_open || c.round != view.round) {
            let last = if is_open {
                view.round.saturating_sub(1)
            } else {
                view.round
            };
            for round in current.round..=last {
                let roster = (round == current.round).then_some(current.roster);
                self.close(chain, view, head, round, roster).await?;
            }
        }
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
        let roster = found
            .and_then(|found| found.roster)
            .unwrap_or(view.clients.len() as u32);
        (self.tell)(&Event::Round {
            round,
            rounds_max: view.spec.rounds_max,
            clients: roster,
        });
        self.store.forget_before(self.settled_round(chain).await)?;
        let mut kept = self.store.load(round, view.model_root)?;
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
            roster,
            kept,
        });
        Ok(())
    }

    /// Takes the opening for this server model from disk, if it is not the one at hand: the chain may
    /// have changed sides.
    fn recall(&mut self, view: &FederationView) -> Result<(), Error> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let base_root = view.model_root;
        let is_at_hand = |kept: &Kept| kept.base_root == base_root;
        if !current.kept.as_ref().is_some_and(is_at_hand) {
            current.kept = self.store.load(current.round, base_root)?;
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

    /// A round closed: tells how, and how good the new server model is on the client's rows.
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
        self.summary.rounds = self.summary.rounds.saturating_add(1);
        self.summary.model_root = record.model_root;
        (self.tell)(&Event::Aggregate {
            round,
            block: record.closed_at,
            results: record.accepted,
            failures: roster.map_or(0, |roster| roster.saturating_sub(record.accepted)),
            outcome: record.outcome,
            model_root: record.model_root,
        });
        if record.outcome.is_adopted() {
            self.summary.adopted = self.summary.adopted.saturating_add(1);
        }
        if record.model_root == view.model_root {
            let task = &view.spec.task;
            let model = chain
                .model(view.federation, task.format, None, head.hash)
                .await?;
            let metrics = learn::evaluate(task, &model.values, &self.data)?;
            self.summary.loss_last = Some(metrics.loss);
            (self.tell)(&Event::Evaluate { round, metrics });
        }
        Ok(())
    }

    async fn train(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let task = &view.spec.task;
        if task.strategy.terms().is_some() {
            return self.take_moments(chain, view);
        }
        let base = chain
            .model(view.federation, task.format, None, head.hash)
            .await?;
        let trained = tokio::task::block_in_place(|| {
            learn::train(task, &base.values, &self.data, &self.job.hyper, view.round)
        })?;
        (self.tell)(&Event::Fit {
            round: view.round,
            loss_before: trained.before.loss,
            loss_after: trained.after.loss,
            rows: self.data.rows(),
        });
        let mut values = trained.values;
        if let Some(NormRule::Reject { max } | NormRule::Clip { max }) = task.norm
            && norm::clip(&mut values, &base.values, max)
        {
            self.note("the update was clipped to the federation's norm bound".into());
        }
        self.keep(chain, view, values)
    }

    /// Makes the commitment to an update and keeps its opening.
    fn keep(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        values: Vec<i32>,
    ) -> Result<(), Error> {
        let kept = self.seal(chain.genesis(), view, values)?;
        self.store.save(&kept)?;
        if let Some(current) = &mut self.current {
            current.kept = Some(kept);
        }
        Ok(())
    }

    /// Makes the commitment to an update.
    fn seal(&self, genesis: H256, view: &FederationView, values: Vec<i32>) -> Result<Kept, Error> {
        let bytes = view.spec.task.format.encode(&values).map_err(|error| {
            Error::Impossible(format!("{error}: train with a smaller --learning-rate"))
        })?;
        let rows = u32::try_from(self.data.rows()).unwrap_or(u32::MAX);
        let opening = Opening {
            genesis,
            federation: view.federation,
            round: view.round,
            spec_hash: view.spec_hash,
            base_root: view.model_root,
            account: self.account.0,
            sample_count: rows.min(view.spec.sample_count_max),
            param_count: view.param_count,
            values_root: values_root(&bytes),
            salt: rand::random(),
        };
        Ok(Kept {
            round: opening.round,
            base_root: opening.base_root,
            sample_count: opening.sample_count,
            salt: H256(opening.salt),
            values,
            commitment: opening.commitment(),
        })
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
        for part in parts(&bytes).iter().filter(|part| part.first >= received) {
            let call = Call::reveal(
                view.federation,
                kept.round,
                kept.sample_count,
                kept.salt.0,
                part,
            );
            let Some(block) = self.send(chain, &call).await? else {
                return Ok(false);
            };
            last = block;
        }
        self.summary.revealed = self.summary.revealed.saturating_add(1);
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
            PhaseView::Finished => End::Finished,
            PhaseView::Cancelled => End::Cancelled,
            _ => End::Left,
        };
        (self.tell)(&Event::Summary(self.summary.clone()));
        Ok(self.summary.clone())
    }

    /// The opening on disk for the current round.
    fn kept(&self) -> Option<Kept> {
        self.current.as_ref()?.kept.clone()
    }

    fn note(&self, text: String) {
        (self.tell)(&Event::Note { text });
    }
}

fn client_of<'a>(
    view: &'a FederationView,
    account: &AccountId,
) -> Option<&'a ClientView<AccountId>> {
    view.clients
        .iter()
        .find(|client| client.account == *account)
}

fn not_member(view: &FederationView, account: &AccountId) -> Error {
    Error::Impossible(format!(
        "{account} is no member of federation {0}: run `fedchain join {0}` first",
        view.federation
    ))
}

fn dropped(view: &FederationView, account: &AccountId) -> Error {
    Error::Impossible(format!(
        "{account} is no longer a member of federation {0}: it missed two rounds in a row; \
         `fedchain join {0}` takes part again, after a new invitation where the federation asks for one",
        view.federation
    ))
}
