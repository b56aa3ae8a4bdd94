//! `fedchain join` and `fedchain leave`.

use clap::Args;
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{Common, KeyArg, dry, foretell, output};
use crate::{
    Error,
    amount::Amount,
    chain::{Chain, FederationView, call::Call},
    keys,
    session::rehearse,
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Join {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Leave {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
}

/// What taking part costs.
#[derive(Debug, Clone)]
struct Cost {
    join_deposit: Amount,
    bond: Amount,
    join_fee: Amount,
    round_fee: Amount,
}

impl Cost {
    async fn of(chain: &Chain, key: &Keypair, view: &FederationView) -> Result<Self, Error> {
        let mut round_fee = view.aggregation_fee;
        for call in rehearse::calls(view, &rehearse::blank(view)?, false) {
            round_fee = round_fee.saturating_add(chain.price(key, &call).await?.fee.0);
        }
        Ok(Self {
            join_deposit: Amount(view.spec.join_deposit),
            bond: Amount(view.spec.bond),
            join_fee: chain.price(key, &Call::join(view.federation)).await?.fee,
            round_fee: Amount(round_fee),
        })
    }

    /// What the first round takes.
    fn needs(&self) -> Amount {
        let parts = [self.join_deposit, self.bond, self.join_fee, self.round_fee];
        Amount(parts.iter().fold(0, |sum, part| sum.saturating_add(part.0)))
    }
}

impl Join {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let (chain, key) = common.connect_with(&self.key).await?;
        let account = keys::account(&key);
        let head = chain.best().await?;
        let view = chain.federation(self.federation, head.hash).await?;
        foretell::join(&view, &account)?;
        let cost = Cost::of(&chain, &key, &view).await?;
        let has = chain.balance(&account, head).await?.usable;
        output::hint(&format!(
            "federation {} \"{}\", {}\n  \
             join deposit  {} (returned when you leave or the federation ends)\n  \
             bond          {} per round (returned at the reveal, burned without one)\n  \
             fees          {} to join, about {} per round\n  \
             balance       {has} to spend on {account}",
            self.federation,
            view.spec.name,
            count(view.last_round(), "round"),
            cost.join_deposit,
            cost.bond,
            cost.join_fee,
            cost.round_fee
        ));
        let call = Call::join(self.federation);
        if common.dry_run {
            let takes = [("join deposit", cost.join_deposit)];
            return dry::show(common, &chain, &key, &[call], &takes).await;
        }
        chain.ensure_funds(account, cost.needs(), head).await?;
        if !self.yes && !output::ask("join?", "--yes")? {
            return Err(Error::Impossible("not joined".into()));
        }
        let included = chain.submit(&key, &call).await?;
        let block = included.block.number;
        common.print(
            &json!({ "call": "join", "account": account, "block": block }),
            || {
                format!(
                    "{account} joined federation {} (block {block})",
                    self.federation
                )
            },
        );
        Ok(())
    }
}

impl Leave {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let (chain, key) = common.connect_with(&self.key).await?;
        let account = keys::account(&key);
        foretell::leave(&foretell::look(&chain, self.federation).await?, &account)?;
        let done = format!("{account} leaves federation {}", self.federation);
        common
            .send(&chain, &key, &Call::leave(self.federation), &done)
            .await
    }
}
