//! The plain server on the network: JSON-RPC over WebSocket or HTTP, and a clock.
//!
//! One loop owns the federation; the methods send it messages. `serve_model` waits on what the loop
//! shows, so that a new round reaches all clients as soon as it opens.

use std::{collections::BTreeSet, future::Future, net::SocketAddr, pin::pin, time::Duration};

use fedchain_commitment::spec_hash;
use fedchain_fl::{FederationSpec, H256};
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    server::{PingConfig, Server, ServerHandle},
    types::{ErrorObjectOwned, Params},
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};

use super::{
    ServeError,
    api::{
        self, ENVELOPE_BYTES_MAX, Join, Joined, Model, POLL_MAX, Poll, REFUSED, Refusal, Status,
        Update,
    },
    federation::Federation,
    report::Event,
};
use crate::chain::AccountId;

/// How long a server that is done waits at least for clients to hear of it, where a round takes less.
const FAREWELL: Duration = Duration::from_secs(5);
/// Messages that wait for the loop, at most; more wait in their connections.
const QUEUE: usize = 16;
/// Connections besides one per client, at most: late ones of clients that came again, and visitors.
const VISITORS_MAX: u32 = 32;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct Job {
    /// The federation. Amounts and windows mean nothing here.
    pub spec: FederationSpec<u128>,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may join; empty for anyone.
    pub clients: Vec<AccountId>,
    /// How long a round waits for its clients.
    pub round_timeout: Duration,
}

/// The end of a federation without a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Rounds that closed.
    pub rounds: u32,
    /// The server model, `[param_count]`, at scale `2^-frac_bits`.
    pub model: Vec<i32>,
    /// Its root.
    pub model_root: H256,
}

/// What the methods send to the loop, with where to answer.
enum Message {
    Join(Join, oneshot::Sender<Result<Joined, Refusal>>),
    Update(Update, oneshot::Sender<Result<(), Refusal>>),
    /// A client gets the last model.
    Told(AccountId),
}

/// What the loop shows to the methods.
#[derive(Debug, Clone)]
struct Shown {
    status: Status,
    model: Model,
    clients: BTreeSet<AccountId>,
}

impl Shown {
    fn of(federation: &Federation<'_>) -> Self {
        Self {
            status: federation.status(),
            model: federation.shown(),
            clients: federation.clients().copied().collect(),
        }
    }

    /// The answer to a client that waits for a round, or none yet.
    fn news(&self, asked: u32) -> Option<&Model> {
        match &self.model {
            Model::Open { round, .. } if *round >= asked => Some(&self.model),
            Model::Finished { .. } => Some(&self.model),
            _ => None,
        }
    }
}

/// Runs a federation until its last round is over or `stop` resolves, and tells of it by `tell`.
///
/// # Errors
/// When the spec or the list of clients is impossible, or nothing can listen there.
pub async fn run(
    job: &Job,
    tell: &dyn Fn(&Event),
    stop: impl Future<Output = ()>,
) -> Result<Served, ServeError> {
    let run = H256(rand::random());
    let federation = Federation::new(&job.spec, run, &job.clients)?;
    let spec_hash = spec_hash(&job.spec.task);
    let (messages, queue) = mpsc::channel(QUEUE);
    let (show, shown) = watch::channel(Shown::of(&federation));
    let methods = Methods {
        spec_hash,
        messages,
        shown,
    };
    let (address, handle) = listen(job, methods).await?;
    tell(&Event::Listening {
        url: format!("http://{address}"),
        name: job.spec.name.to_string(),
        run,
    });
    if !address.ip().is_loopback() {
        let text = "traffic is not encrypted: put a proxy with TLS in front of the server";
        tell(&Event::Note { text: text.into() });
    }
    let mut desk = Desk {
        job,
        tell,
        federation,
        queue,
        show,
        deadline: Instant::now(),
    };
    let mut stop = pin!(stop);
    let is_over = tokio::select! {
        end = desk.run() => end.map(|()| true)?,
        () = &mut stop => false,
    };
    let served = desk.served();
    let (rounds, model_root) = (served.rounds, served.model_root);
    if is_over {
        tell(&Event::Finished { rounds, model_root });
        tokio::select! {
            _ = timeout(FAREWELL.max(job.round_timeout), desk.say_farewell()) => {}
            () = stop => {}
        }
    } else {
        tell(&Event::Stopped { rounds, model_root });
    }
    // Whoever waits for a round gets an answer now, and answers are sent before connections close.
    drop(desk);
    if handle.stop().is_ok() {
        let _ = timeout(FAREWELL, handle.stopped()).await;
    }
    Ok(served)
}

/// The loop's state.
struct Desk<'a> {
    job: &'a Job,
    tell: &'a dyn Fn(&Event),
    federation: Federation<'a>,
    queue: mpsc::Receiver<Message>,
    show: watch::Sender<Shown>,
    /// When the open round closes without those who are missing.
    deadline: Instant,
}

impl Desk<'_> {
    /// Serves until the last round is over.
    async fn run(&mut self) -> Result<(), ServeError> {
        while !self.federation.is_finished() {
            let is_open = self.federation.open_round().is_some();
            tokio::select! {
                Some(message) = self.queue.recv() => self.answer(message)?,
                () = sleep_until(self.deadline), if is_open => self.close()?,
            }
        }
        Ok(())
    }

    fn answer(&mut self, message: Message) -> Result<(), ServeError> {
        // A client that went away does not read its answer.
        match message {
            Message::Join(join, reply) => {
                let _ = reply.send(self.join(&join));
            }
            Message::Update(update, reply) => {
                let answer = self.federation.update(&update);
                if answer.is_ok() {
                    (self.tell)(&Event::Update {
                        round: update.round,
                        account: update.account,
                        sample_count: update.sample_count,
                        is_most: update.sample_count == self.job.spec.sample_count_max,
                    });
                }
                let _ = reply.send(answer);
                if self.federation.is_complete() {
                    self.close()?;
                }
            }
            Message::Told(_) => {}
        }
        Ok(())
    }

    fn join(&mut self, join: &Join) -> Result<Joined, Refusal> {
        let before = self.federation.open_round();
        let clients = self.federation.clients().count();
        let joined = self.federation.join(join)?;
        let now = self.federation.clients().count();
        if now > clients {
            (self.tell)(&Event::Joined {
                account: join.account,
                clients: now,
                clients_min: self.job.spec.clients_min,
            });
        }
        self.show_and_tell(before);
        Ok(joined)
    }

    fn close(&mut self) -> Result<(), ServeError> {
        let before = self.federation.open_round();
        if let Some(closed) = self.federation.close()? {
            (self.tell)(&Event::Closed(closed));
        }
        self.show_and_tell(before);
        Ok(())
    }

    /// Shows the methods what is there now; if a round opened since `before`, starts its time.
    fn show_and_tell(&mut self, before: Option<u32>) {
        let shown = Shown::of(&self.federation);
        if self.federation.open_round() != before
            && let Model::Open { round, clients, .. } = shown.model
        {
            self.deadline = Instant::now() + self.job.round_timeout;
            (self.tell)(&Event::Round {
                round,
                rounds_max: self.job.spec.rounds_max,
                clients,
            });
        }
        self.show.send_replace(shown);
    }

    /// Waits until each client gets the last model.
    async fn say_farewell(&mut self) {
        let mut missing: BTreeSet<AccountId> = self.federation.clients().copied().collect();
        while !missing.is_empty() {
            match self.queue.recv().await {
                Some(Message::Told(account)) => {
                    missing.remove(&account);
                }
                Some(Message::Join(_, reply)) => {
                    let _ = reply.send(Err(Refusal::Over));
                }
                Some(Message::Update(_, reply)) => {
                    let _ = reply.send(Err(Refusal::Over));
                }
                None => return,
            }
        }
    }

    fn served(&self) -> Served {
        Served {
            rounds: self.federation.status().round.saturating_sub(1),
            model: self.federation.model().to_vec(),
            model_root: self.federation.model_root(),
        }
    }
}

/// What the methods share.
#[derive(Clone)]
struct Methods {
    spec_hash: H256,
    messages: mpsc::Sender<Message>,
    shown: watch::Receiver<Shown>,
}

impl Methods {
    fn status(&self) -> Status {
        self.shown.borrow().status.clone()
    }

    async fn join(&self, join: Join) -> Result<Joined, ErrorObjectOwned> {
        self.ask(|reply| Message::Join(join, reply)).await
    }

    async fn update(&self, update: Update) -> Result<(), ErrorObjectOwned> {
        self.ask(|reply| Message::Update(update, reply)).await
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Message,
    ) -> Result<T, ErrorObjectOwned> {
        let (reply, answer) = oneshot::channel();
        let sent = self.messages.send(message(reply)).await;
        sent.map_err(|_| refused(&Refusal::Over))?;
        match answer.await {
            Ok(answer) => answer.map_err(|refusal| refused(&refusal)),
            Err(_) => Err(refused(&Refusal::Over)),
        }
    }

    async fn model(&self, poll: Poll) -> Result<Model, ErrorObjectOwned> {
        let mut shown = self.shown.clone();
        let run = shown.borrow().status.run;
        if poll.run != run {
            return Err(refused(&Refusal::OtherRun { run }));
        }
        let account = poll.account;
        if !shown.borrow().clients.contains(&account) {
            return Err(refused(&Refusal::NotJoined { account }));
        }
        if !poll.is_signed(self.spec_hash) {
            return Err(refused(&Refusal::Signature { account }));
        }
        let news = shown.wait_for(|shown| shown.news(poll.round).is_some());
        // The loop's end shows as a closed channel: its last word is in `shown` then.
        let _ = timeout(POLL_MAX, news).await.is_ok();
        let answer = {
            let shown = self.shown.borrow();
            shown.news(poll.round).cloned().unwrap_or(Model::Waiting {
                clients: shown.status.clients,
            })
        };
        if matches!(answer, Model::Finished { .. }) {
            let _ = self.messages.send(Message::Told(account)).await;
        }
        Ok(answer)
    }
}

/// Starts listening.
async fn listen(job: &Job, methods: Methods) -> Result<(SocketAddr, ServerHandle), ServeError> {
    let unusable = |reason: String| ServeError::Listen {
        address: job.listen,
        reason,
    };
    let spec_bytes = serde_json::to_string(&job.spec).map_or(0, |text| text.len());
    let values_bytes = job.spec.task.model_bytes()?.saturating_mul(2);
    let request_max = values_bytes.saturating_add(ENVELOPE_BYTES_MAX);
    let answer_max = request_max.saturating_add(u32::try_from(spec_bytes).unwrap_or(u32::MAX));
    let server = Server::builder()
        .max_request_body_size(request_max)
        .max_response_body_size(answer_max)
        .max_connections(job.spec.clients_max.saturating_add(VISITORS_MAX))
        // Who is gone without a word gives its connection back.
        .enable_ws_ping(PingConfig::new())
        .build(job.listen)
        .await
        .map_err(|error| unusable(error.to_string()))?;
    let address = server
        .local_addr()
        .map_err(|error| unusable(error.to_string()))?;
    let module = module(methods).map_err(|error| unusable(error.to_string()))?;
    Ok((address, server.start(module)))
}

fn module(methods: Methods) -> Result<RpcModule<Methods>, RegisterMethodError> {
    let mut module = RpcModule::new(methods);
    module.register_method(api::STATUS, |_, methods, _| {
        Ok::<_, ErrorObjectOwned>(methods.status())
    })?;
    module.register_async_method(api::JOIN, |params, methods, _| async move {
        methods.join(parse(&params)?).await
    })?;
    module.register_async_method(api::MODEL, |params, methods, _| async move {
        methods.model(parse(&params)?).await
    })?;
    module.register_async_method(api::UPDATE, |params, methods, _| async move {
        methods.update(parse(&params)?).await
    })?;
    Ok(module)
}

/// The one parameter that each method takes.
fn parse<T: DeserializeOwned>(params: &Params<'_>) -> Result<T, ErrorObjectOwned> {
    params.one()
}

fn refused(refusal: &Refusal) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(REFUSED, refusal.to_string(), Some(refusal))
}
