//! `fedchain federation`: create, list, show, invite, appoint, advance, cancel, remove.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fedchain_commitment::values_root;
use fedchain_fl::{Initial, Refusal, Target};
use serde_json::json;

use super::{
    Common, KeyArg, dry,
    evaluate::Gate,
    foretell,
    initial::{self, Upload},
    output, spec, transfer,
};
use crate::{
    Error,
    amount::Amount,
    chain::{
        AccountId, Chain, Clock, FederationSummary, FederationView,
        call::{Call, PALLET},
        submit::Included,
    },
    keys, phase,
    words::{self, count},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a federation from a spec file.
    Create {
        /// Spec in TOML; amounts are text like "1.5 UNIT".
        #[arg(long)]
        spec: PathBuf,
        /// Start from this model instead of the spec's `initial`; a file as `fedchain model get
        /// --out` writes it.
        #[arg(long)]
        initial_model: Option<PathBuf>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Go on with the upload of an initial model that `create` could not finish.
    Upload(Upload),
    /// List all federations.
    List,
    /// Show one federation.
    Show {
        /// Number of the federation.
        federation: u32,
    },
    /// Invite an account to be a client; by the owner.
    Invite(Grant),
    /// Withdraw an invitation that was not used; by the owner.
    Withdraw(Seat),
    /// Appoint an account that is no client as evaluator; by the owner.
    Appoint(Grant),
    /// Show how a round's model was judged, and what each client has contributed.
    Gate(Gate),
    /// Move an overdue phase on; by anyone, free of charge unless an eighth of the block is full.
    Advance(ByNumber),
    /// End a federation: at once while it waits, else with the current round; by the owner.
    Cancel(ByNumber),
    /// Delete a federation that is over and get the state deposit back; by the owner.
    Remove(ByNumber),
}

/// A seat, and what its account gets with it.
#[derive(Debug, Args)]
pub(super) struct Grant {
    #[command(flatten)]
    seat: Seat,
    /// Send it this amount as well, for deposits and fees.
    #[arg(long, value_parser = transfer::some)]
    fund: Option<Amount>,
}

impl Grant {
    /// Sends the call that gives the seat, and the amount with it, unless the chain would refuse it.
    async fn send(
        self,
        common: &Common,
        foretell: fn(&FederationView, &AccountId, &AccountId) -> Result<(), Error>,
        mut call: Call,
        seat: &str,
    ) -> Result<(), Error> {
        let Seat {
            federation,
            account,
            key,
        } = self.seat;
        let (chain, key) = common.connect_with(&key).await?;
        let view = foretell::look(&chain, federation).await?;
        foretell(&view, &keys::account(&key), &account)?;
        if let Some(amount) = self.fund {
            transfer::ensure_receivable(&chain, &account, amount).await?;
            call = Call::batch(&[
                chain.encode(&Call::transfer(account, amount.0)).await?,
                chain.encode(&call).await?,
            ]);
            if common.dry_run {
                let takes = [("transfer", amount)];
                return dry::show(common, &chain, &key, &[call], &takes).await;
            }
            chain.ensure_payable(&key, &call, amount).await?;
        }
        let done = format!("{account} is {seat} federation {federation}");
        common.send(&chain, &key, &call, &done).await
    }
}

/// A place in a federation, and who gives or takes it.
#[derive(Debug, Args)]
pub(super) struct Seat {
    /// Number of the federation.
    federation: u32,
    /// Address of the account.
    #[arg(value_parser = keys::parse_account)]
    account: AccountId,
    #[command(flatten)]
    key: KeyArg,
}

#[derive(Debug, Args)]
pub(super) struct ByNumber {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
}

impl Command {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::Create {
                spec,
                initial_model,
                key,
            } => create(common, &spec, initial_model.as_deref(), &key).await,
            Self::Upload(upload) => upload.run(common).await,
            Self::List => {
                let chain = common.connect().await?;
                let clock = chain.clock(chain.best().await?).await?;
                let federations = chain.federations().await?;
                common.print(&federations, || list(&federations, &clock));
                Ok(())
            }
            Self::Show { federation } => {
                let chain = common.connect().await?;
                let head = chain.best().await?;
                let view = chain.federation(federation, head.hash).await?;
                let clock = chain.clock(head).await?;
                common.print(&view, || show(&view, &clock));
                Ok(())
            }
            Self::Invite(who) => {
                let call = Call::invite(who.seat.federation, who.seat.account);
                who.send(common, foretell::invite, call, "invited to").await
            }
            Self::Withdraw(Seat {
                federation,
                account,
                key,
            }) => {
                let (chain, key) = common.connect_with(&key).await?;
                let view = foretell::look(&chain, federation).await?;
                foretell::withdraw(&view, &keys::account(&key), &account)?;
                let done = format!("{account} is no longer invited to federation {federation}");
                let call = Call::withdraw(federation, account);
                common.send(&chain, &key, &call, &done).await
            }
            Self::Appoint(who) => {
                let call = Call::appoint(who.seat.federation, who.seat.account);
                who.send(common, foretell::appoint, call, "appointed as evaluator of")
                    .await
            }
            Self::Gate(gate) => gate.run(common).await,
            Self::Advance(ByNumber { federation, key }) => {
                let (chain, key) = common.connect_with(&key).await?;
                let done = format!("federation {federation} was moved on");
                match common
                    .send(&chain, &key, &Call::advance(federation), &done)
                    .await
                {
                    Err(Error::Refused {
                        refusal: Refusal::NotOverdue,
                        ..
                    }) => Err(not_overdue(&chain, federation).await?),
                    end => end,
                }
            }
            Self::Cancel(ByNumber { federation, key }) => {
                let done = format!(
                    "federation {federation} ends: at once while waiting, else with its round"
                );
                let (chain, key) = common.connect_with(&key).await?;
                let view = foretell::look(&chain, federation).await?;
                foretell::cancel(&view, &keys::account(&key))?;
                let call = Call::cancel(federation);
                common.send(&chain, &key, &call, &done).await
            }
            Self::Remove(ByNumber { federation, key }) => {
                let (chain, key) = common.connect_with(&key).await?;
                let view = foretell::look(&chain, federation).await?;
                foretell::remove(&view, &keys::account(&key))?;
                let call = Call::remove(federation);
                let done = format!("federation {federation} is deleted, its deposit returned");
                let more = format!("federation {federation} is large: a part of it is deleted");
                let is_done = |included: &Included| {
                    included.event::<u32>(PALLET, "FederationRemoved").is_some()
                };
                if common.dry_run {
                    return dry::show(common, &chain, &key, &[call], &[]).await;
                }
                loop {
                    let included = chain.submit(&key, &call).await?;
                    if is_done(&included) {
                        common.report(&included, &call, &done);
                        return Ok(());
                    }
                    output::hint(&more);
                }
            }
        }
    }
}

async fn create(
    common: &Common,
    file: &Path,
    initial_model: Option<&Path>,
    key: &KeyArg,
) -> Result<(), Error> {
    let mut spec = spec::read(file)?;
    let upload = initial_model
        .map(|file| initial::read(file, &spec.task))
        .transpose()?;
    if let Some(bytes) = &upload {
        let root = values_root(bytes);
        spec.task.initial = Initial::Uploaded { root };
    }
    let (chain, key) = common.connect_with(key).await?;
    let call = Call::create(&spec);
    // The deposit for state comes on top: the runtime knows how much.
    let escrow = Amount(spec.reward.saturating_mul(spec.rounds_max.into()));
    if common.dry_run {
        output::hint(
            "the deposit for state and the prepaid rounds come on top: the runtime works them out when it \
             creates the federation",
        );
        let mut calls = vec![call];
        calls.extend(
            upload
                .iter()
                .flat_map(|bytes| initial::uploads(0, bytes, 0)),
        );
        return dry::show(common, &chain, &key, &calls, &[("escrow", escrow)]).await;
    }
    chain.ensure_payable(&key, &call, escrow).await?;
    let included = chain.submit(&key, &call).await?;
    let federation: u32 = included
        .event(PALLET, "FederationCreated")
        .ok_or_else(|| Error::Protocol("no FederationCreated event".into()))?;
    let block = included.block.number;
    if let Some(bytes) = &upload {
        output::hint(&format!(
            "uploading the initial model: `fedchain federation upload {federation}` would go on"
        ));
        initial::send(common, &chain, &key, federation, bytes).await?;
    }
    common.print(
        &json!({ "call": "create", "federation": federation, "block": block }),
        || format!("federation {federation} was created (block {block})"),
    );
    Ok(())
}

async fn not_overdue(chain: &Chain, federation: u32) -> Result<Error, Error> {
    let head = chain.best().await?;
    let view = chain.federation(federation, head.hash).await?;
    let clock = chain.clock(head).await?;
    Ok(Error::Impossible(phase::not_overdue(&view.phase, &clock)))
}

fn list(federations: &[FederationSummary], clock: &Clock) -> String {
    if federations.is_empty() {
        return "no federations yet: create one with `fedchain federation create`".into();
    }
    let mut lines = vec![format!(
        "{:>6}  {:<24} {:<10} {:<26} {:>9} {:>8}  owner",
        "number", "name", "phase", "left", "round", "clients"
    )];
    lines.extend(federations.iter().map(|line| {
        let round = format!("{}/{}", line.round, line.rounds_max);
        format!(
            "{:>6}  {:<24} {:<10} {:<26} {round:>9} {:>8}  {}",
            line.federation,
            line.name.to_string(),
            phase::word(&line.phase),
            phase::left(&line.phase, clock).unwrap_or_default(),
            line.clients,
            line.owner
        )
    }));
    lines.join("\n")
}

fn show(view: &FederationView, clock: &Clock) -> String {
    let spec = &view.spec;
    let task = &spec.task;
    let features: Vec<_> = task
        .schema
        .features
        .iter()
        .map(|f| f.name.to_string())
        .collect();
    let target = match &task.schema.target {
        Target::Real(column) => column.name.to_string(),
        Target::Classes { name, labels } => {
            let labels: Vec<_> = labels.iter().map(ToString::to_string).collect();
            format!("{name}, one of {}", labels.join(", "))
        }
    };
    let windows = spec.windows;
    let cancelling = if view.cancelling {
        ", the owner ends it with this round"
    } else {
        ""
    };
    let mut lines = vec![
        format!("federation {} \"{}\"", view.federation, spec.name),
        format!("  owner        {}", view.owner),
        format!(
            "  phase        {}{cancelling}",
            phase::describe(&view.phase, clock)
        ),
        format!("  round        {} of {}", view.round, view.last_round()),
        format!(
            "  model        {}, {}, {}",
            words::model(&task.model),
            count(view.param_count, "weight"),
            count(task.format.frac_bits, "fractional bit")
        ),
        format!(
            "  aggregation  {}; {}; {}",
            words::strategy(&task.strategy),
            words::norm(task.norm.as_ref(), task.format),
            words::optimiser(&task.optimiser)
        ),
        format!("  model root   {:?}", view.model_root),
        format!("  features     {}", features.join(", ")),
        format!("  target       {target}"),
        format!(
            "  windows      commit {}, settle {}, reveal {}",
            windows.commit_blocks,
            windows.settle_blocks,
            count(windows.reveal_blocks, "block")
        ),
        format!(
            "  membership   {}, {} to {}",
            phase::inline(&spec.membership),
            spec.clients_min,
            count(spec.clients_max, "client")
        ),
        format!("  quorum       {}", words::quorum(spec)),
        format!(
            "  money        join deposit {}, bond {}, aggregation fee {}, reward {} per round",
            Amount(spec.join_deposit),
            Amount(spec.bond),
            Amount(view.aggregation_fee),
            Amount(spec.reward)
        ),
    ];
    lines.extend(spec.gate.as_ref().map(|gate| {
        format!(
            "  gate         {} of {}, {} each, tolerance {}, {}, bond {}, contributions {}",
            gate.quorum,
            count(gate.evaluators_max, "evaluator"),
            count(gate.rows, "row"),
            words::plain(gate.tolerance),
            count(gate.blocks, "block"),
            Amount(gate.bond),
            phase::inline(&gate.contributions)
        )
    }));
    lines.extend(view.clients.iter().map(|client| {
        let mut facts = vec![format!("from round {}", client.first_round)];
        facts.extend(client.committed.then(|| "committed".into()));
        facts.extend(client.revealed.then(|| "revealed".into()));
        facts.extend((client.missed > 0).then(|| format!("missed {}", client.missed)));
        facts.extend(client.leaving.then(|| "leaving".into()));
        format!("  client       {} {}", client.account, facts.join(", "))
    }));
    lines.extend(view.evaluators.iter().map(|seat| {
        let holdouts = seat.holdouts.iter().map(|holdout| match holdout.revealed {
            true => format!(", holdout of round {} revealed", holdout.round),
            false => format!(", holdout of round {} committed", holdout.round),
        });
        format!(
            "  evaluator    {}{}",
            seat.account,
            holdouts.collect::<String>()
        )
    }));
    lines.extend(
        view.invited
            .iter()
            .map(|account| format!("  invited      {account}")),
    );
    lines.join("\n")
}
