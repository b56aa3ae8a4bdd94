//! A client of a plain server: from its seat to the last round.
//!
//! It trains and reports as on chain, without commitments: the update goes to the server in one
//! message.

use std::{path::PathBuf, time::Duration};

use fedchain_commitment::{spec_hash, values_root};
use fedchain_fl::{FederationSpec, H256};
use fedchain_learn::{
    self as learn, Hyper,
    data::{Dataset, Reading},
    server::keep_bound,
};
use serde::{Serialize, de::DeserializeOwned};
use subxt_signer::sr25519::Keypair;

use super::{
    ServeError,
    api::{self, Bytes, Closed, Join, Joined, Model, Poll, Refusal, Status, Update, Weights},
    check,
    connection::{CallFailure, Connection, is_exposed},
};
use crate::{
    Error,
    chain::AccountId,
    keys, rows,
    session::{
        Tell,
        report::{End, Event, Summary},
    },
    words,
};

pub use super::connection::ABSENCE_MAX;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Job {
    /// Address of the server.
    pub server: String,
    /// The file of rows.
    pub data: PathBuf,
    /// Header of the target column, where it is not the schema's.
    pub target: Option<String>,
    /// How to read the file.
    pub reading: Reading,
    /// How to train.
    pub hyper: Hyper,
    /// How long a server that is not there yet is waited for.
    pub patience: Duration,
}

struct Client<'a> {
    job: &'a Job,
    key: &'a Keypair,
    tell: Tell<'a>,
    account: AccountId,
    connection: Connection,
    run: H256,
    spec: FederationSpec<u128>,
    spec_hash: H256,
    data: Dataset,
    /// A round that this client saw open, and whose end it does not know.
    round: Option<u32>,
    is_waiting: bool,
    /// How often the server went away and came back.
    reopened: u32,
    summary: Summary,
}

/// Takes part until all rounds are over, and tells of it by `tell`.
///
/// # Errors
/// Bad data, a refused seat, or [`ServeError`]: no server, or one that has forgotten the federation. A
/// lost connection is none at first: the server is tried again for a minute.
pub async fn run(job: &Job, key: &Keypair, tell: Tell<'_>) -> Result<Summary, Error> {
    let note = |text| tell(&Event::Note { text });
    let mut connection = Connection::open(&job.server, job.patience, note).await?;
    let status = connection.status().await;
    let status = status.map_err(|failure| failure.of(api::STATUS, &job.server))?;
    let mut client = Client::new(connection, status, job, key, tell)?;
    let mut round = client.join().await?;
    loop {
        match client.next(round).await? {
            Model::Waiting { clients } => client.wait(clients),
            Model::Open {
                round: open,
                clients,
                base,
                last,
            } => {
                let values = client.checked(&base)?;
                client.close(last, &values)?;
                client.enter(open, clients);
                client.take_part(open, &base, &values).await?;
                round = open.saturating_add(1);
            }
            Model::Finished { model, last } => {
                let values = client.checked(&model)?;
                client.close(last, &values)?;
                return Ok(client.finish(model.root));
            }
        }
    }
}

impl<'a> Client<'a> {
    fn new(
        connection: Connection,
        status: Status,
        job: &'a Job,
        key: &'a Keypair,
        tell: Tell<'a>,
    ) -> Result<Self, Error> {
        let Status { run, spec, .. } = status;
        let account = keys::account(key);
        check(&spec).map_err(ServeError::Rule)?;
        let target = job.target.as_deref();
        let note = |text| tell(&Event::Note { text });
        let data = rows::read(&job.data, &job.reading, &spec.task.schema, target, note)?;
        tell(&Event::Start {
            federation: None,
            name: spec.name.to_string(),
            account,
            rows: data.rows(),
        });
        if let Some(text) = words::cut(&spec, data.rows()) {
            tell(&Event::Note { text });
        }
        if is_exposed(&job.server) {
            let text = format!(
                "traffic with {} is not encrypted: your updates can be read on their way; use https \
                 or wss, by a proxy in front of the server",
                job.server
            );
            tell(&Event::Note { text });
        }
        Ok(Self {
            job,
            key,
            tell,
            account,
            connection,
            run,
            spec_hash: spec_hash(&spec.task),
            spec,
            data,
            round: None,
            is_waiting: false,
            reopened: 0,
            summary: Summary {
                federation: None,
                end: End::Finished,
                rounds: 0,
                adopted: 0,
                revealed: 0,
                loss_first: None,
                loss_last: None,
                model_root: H256::zero(),
                traffic: None,
            },
        })
    }

    /// Takes a seat; answers with the first round that it counts in.
    async fn join(&mut self) -> Result<u32, ServeError> {
        loop {
            let status: Status = self.demand(api::STATUS, None::<()>).await?;
            let join = Join::sign(self.key, self.run, self.spec_hash, status.round);
            match self.call(api::JOIN, Some(&join)).await? {
                Ok(Joined { first_round }) => return Ok(first_round),
                // A round closed in between.
                Err(Refusal::OtherRound { .. }) => {}
                Err(refusal) => return Err(self.refused(api::JOIN, refusal)),
            }
        }
    }

    /// Waits for a round, or the end.
    async fn next(&mut self, round: u32) -> Result<Model, ServeError> {
        let poll = Poll::sign(self.key, self.run, self.spec_hash, round);
        self.demand(api::MODEL, Some(poll)).await
    }

    fn wait(&mut self, clients: u32) {
        let clients_min = self.spec.clients_min;
        if clients < clients_min && !self.is_waiting {
            self.is_waiting = true;
            (self.tell)(&Event::Waiting {
                clients: clients as usize,
                clients_min,
            });
        }
    }

    fn enter(&mut self, round: u32, clients: u32) {
        self.is_waiting = false;
        self.round = Some(round);
        (self.tell)(&Event::Round {
            round,
            rounds_max: self.spec.rounds_max,
            clients,
        });
    }

    /// The values of a server model, `[param_count]`, if they are what the server says.
    fn checked(&self, model: &Weights) -> Result<Vec<i32>, ServeError> {
        let task = &self.spec.task;
        let (found, expected) = (model.values.len(), task.model_bytes()?);
        if found != expected as usize {
            return Err(ServeError::Answer(format!(
                "a model of {found} bytes where the spec has {expected}"
            )));
        }
        let root = values_root(&model.values);
        if root != model.root {
            return Err(ServeError::Answer(format!(
                "a model with the root {root:?} where the server says {:?}",
                model.root
            )));
        }
        Ok(task.format.decode(&model.values))
    }

    /// Tells how the round ended that this client saw open, and how good the model is on its rows.
    fn close(&mut self, last: Option<Closed>, values: &[i32]) -> Result<(), Error> {
        let metrics = learn::evaluate(&self.spec.task, values, &self.data)?;
        self.summary.loss_first.get_or_insert(metrics.loss);
        self.summary.loss_last = Some(metrics.loss);
        let (Some(_), Some(closed)) = (self.round.take(), last) else {
            return Ok(());
        };
        self.summary.rounds = self.summary.rounds.saturating_add(1);
        let is_adopted = u32::from(closed.outcome.is_adopted());
        self.summary.adopted = self.summary.adopted.saturating_add(is_adopted);
        (self.tell)(&Event::Aggregate {
            round: closed.round,
            block: None,
            results: closed.results,
            failures: closed.failures,
            outcome: closed.outcome,
            model_root: closed.model_root,
        });
        let round = closed.round;
        (self.tell)(&Event::Evaluate { round, metrics });
        Ok(())
    }

    /// Trains from the server model and sends the update.
    async fn take_part(&mut self, round: u32, base: &Weights, values: &[i32]) -> Result<(), Error> {
        let task = &self.spec.task;
        let trained = tokio::task::block_in_place(|| {
            learn::train(task, values, &self.data, &self.job.hyper, round)
        })?;
        (self.tell)(&Event::Fit {
            round,
            loss_before: trained.before.loss,
            loss_after: trained.after.loss,
            rows: self.data.rows(),
        });
        let mut update = trained.values;
        if keep_bound(task, values, &mut update) {
            self.note("the update was clipped to the federation's norm bound".into());
        }
        let bytes = task.format.encode(&update).map_err(|error| {
            Error::Impossible(format!("{error}: train with a smaller --learning-rate"))
        })?;
        let update = Update {
            run: self.run,
            round,
            account: self.account,
            base_root: base.root,
            sample_count: self.spec.stated_count(self.data.rows()),
            values: Bytes(bytes),
            signature: Bytes(Vec::new()),
        };
        self.send(update.sign(self.key, self.spec_hash)).await?;
        Ok(())
    }

    async fn send(&mut self, update: Update) -> Result<(), ServeError> {
        let before = self.reopened;
        match self.call(api::UPDATE, Some(&update)).await? {
            Ok(()) => {}
            // It came, but the answer did not.
            Err(Refusal::Twice { .. }) if self.reopened > before => {}
            Err(Refusal::OtherRound { .. } | Refusal::Over) => {
                let round = update.round;
                self.note(match self.reopened > before {
                    true => format!("round {round} closed meanwhile: the update may have counted"),
                    false => format!("round {round} closed before the update was there"),
                });
                return Ok(());
            }
            Err(refusal) => return Err(self.refused(api::UPDATE, refusal)),
        }
        self.summary.revealed = self.summary.revealed.saturating_add(1);
        (self.tell)(&Event::Update {
            round: update.round,
        });
        Ok(())
    }

    fn finish(mut self, model_root: H256) -> Summary {
        self.summary.model_root = model_root;
        self.summary.traffic = Some(self.connection.traffic());
        (self.tell)(&Event::Summary(self.summary.clone()));
        self.summary
    }

    /// Sends a request that only fails for good.
    async fn demand<P: Serialize, T: DeserializeOwned>(
        &mut self,
        method: &'static str,
        param: Option<P>,
    ) -> Result<T, ServeError> {
        let answer = self.call(method, param).await?;
        answer.map_err(|refusal| self.refused(method, refusal))
    }

    /// Sends a request until an answer comes: while the server is away, again and again.
    async fn call<P: Serialize, T: DeserializeOwned>(
        &mut self,
        method: &'static str,
        param: Option<P>,
    ) -> Result<Result<T, Refusal>, ServeError> {
        loop {
            match self.connection.request(method, param.as_ref()).await {
                Ok(answer) => return Ok(Ok(answer)),
                Err(CallFailure::Refused(refusal)) => return Ok(Err(refusal)),
                Err(CallFailure::Lost(reason)) => {
                    self.note(format!("the server went away ({reason}): waiting for it"));
                    self.connection.reopen(self.run).await?;
                    self.reopened = self.reopened.saturating_add(1);
                    self.note("the server is back".into());
                }
                Err(failure) => return Err(failure.of(method, &self.job.server)),
            }
        }
    }

    fn refused(&self, method: &'static str, refusal: Refusal) -> ServeError {
        CallFailure::Refused(refusal).of(method, &self.job.server)
    }

    fn note(&self, text: String) {
        (self.tell)(&Event::Note { text });
    }
}
