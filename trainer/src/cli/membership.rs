//! `fedchain join` and `fedchain leave`.

use clap::Args;
use fedchain_commitment::parts;
use fedchain_fl::{H256, Membership, view::PhaseView};
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{Common, KeyArg, output};
use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, FederationView, call::Call},
    keys,
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
        let bytes = view
            .spec
            .task
            .update_bytes()
            .map_err(|e| Error::Protocol(e.to_string()))?;
        let commit = Call::commit(view.federation, 1, H256::zero(), H256::zero());
        let mut round_fee = chain.fee(key, &commit).await?.0;
        for part in parts(&vec![0; bytes as usize]) {
            let reveal = Call::reveal(view.federation, 1, 1, [0; 32], &part);
            round_fee = round_fee.saturating_add(chain.fee(key, &reveal).await?.0);
        }
        let round_fee = round_fee.saturating_add(view.aggregation_fee);
        Ok(Self {
            join_deposit: Amount(view.spec.join_deposit),
            bond: Amount(view.spec.bond),
            join_fee: chain.fee(key, &Call::join(view.federation)).await?,
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
            view.spec.rounds_max,
            cost.join_deposit,
            cost.bond,
            cost.join_fee,
            cost.round_fee
        ));
        chain.ensure_funds(account, cost.needs(), head).await?;
        if !self.yes && !output::ask("join?", "--yes")? {
            return Err(Error::Impossible("not joined".into()));
        }
        let included = chain.submit(&key, &Call::join(self.federation)).await?;
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
            .map(|_| ())
    }
}

/// Whether the account could join.
fn check_seat(view: &FederationView, account: &AccountId) -> Result<(), Error> {
    let number = view.federation;
    let impossible = |reason: String| Err(Error::Impossible(reason));
    if matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled) {
        return impossible(format!("federation {number} is over"));
    }
    if view.clients.iter().any(|client| client.account == *account) {
        return impossible(format!(
            "{account} is a client of federation {number} already"
        ));
    }
    if view.spec.membership == Membership::Invited && !view.invited.contains(account) {
        return impossible(format!(
            "{account} is not invited to federation {number}: ask its owner {} to run `fedchain \
             federation invite {number} {account}`",
            view.owner
        ));
    }
    if view.clients.len() >= view.spec.clients_max as usize {
        return impossible(format!(
            "all {} seats of federation {number} are taken",
            view.clients.len()
        ));
    }
    Ok(())
}
