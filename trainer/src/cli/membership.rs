//! `fedchain join` and `fedchain leave`.

use clap::Args;
use fedchain_fl::view::PhaseView;
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{Common, KeyArg, dry, output};
use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, FederationView, call::Call},
    keys,
    session::{rehearse, seat},
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
        let (chain, key) = (common.connect().await?, self.key.load()?);
        let account = keys::account(&key);
        let head = chain.best().await?;
        let view = chain.federation(self.federation, head.hash).await?;
        check_seat(&view, &account)?;
        let cost = Cost::of(&chain, &key, &view).await?;
        let has = chain.balance(&account, head).await?.usable;
        output::hint(&format!(
            "federation {} \"{}\", {} rounds\n  \
             join deposit  {} (returned when you leave or the federation ends)\n  \
             bond          {} per round (returned at the reveal, burned without one)\n  \
             fees          {} to join, about {} per round\n  \
             balance       {has} to spend on {account}",
            self.federation,
            view.spec.name,
            view.last_round(),
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
        let (chain, key) = (common.connect().await?, self.key.load()?);
        let done = format!(
            "{} leaves federation {}",
            keys::account(&key),
            self.federation
        );
        common
            .send(&chain, &key, &Call::leave(self.federation), &done)
            .await
    }
}

/// Whether the account could join.
fn check_seat(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    let number = view.federation;
    let impossible = |reason: String| Err(Error::Impossible(reason));
    if matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled) {
        return impossible(format!("federation {number} is over"));
    }
    if seat::client_of(view, account).is_some() {
        return impossible(format!(
            "{account} is a client of federation {number} already"
        ));
    }
    if let Some(error) = seat::uninvited(view, account) {
        return Err(error);
    }
    if view.clients.len() >= view.spec.clients_max as usize {
        return impossible(format!(
            "all {} seats of federation {number} are taken",
            view.clients.len()
        ));
    }
    Ok(())
}
