//! `fedchain transfer`.

use clap::Args;
use serde_json::json;

use super::{Common, KeyArg, dry, output};
use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, call::Call},
    keys,
};

#[derive(Debug, Args)]
pub(super) struct Transfer {
    /// Address of the account that gets it.
    #[arg(long, value_name = "ADDRESS", value_parser = keys::parse_account)]
    to: AccountId,
    /// How much, like 25 or 1.5.
    #[arg(long, value_parser = some)]
    amount: Amount,
    #[command(flatten)]
    key: KeyArg,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// An amount above zero.
pub(super) fn some(text: &str) -> Result<Amount, String> {
    match text.parse() {
        Ok(Amount(0)) => Err("an amount above zero is expected".into()),
        Ok(amount) => Ok(amount),
        Err(error) => Err(format!("{error}")),
    }
}

impl Transfer {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let (chain, key) = common.connect_with(&self.key).await?;
        let (from, head) = (keys::account(&key), chain.best().await?);
        let Self { to, amount, .. } = self;
        if to == from {
            return Err(Error::Usage(
                "you would pay yourself: name another account by --to".into(),
            ));
        }
        ensure_receivable(&chain, &to, amount).await?;
        let call = Call::transfer(to, amount.0);
        if common.dry_run {
            return dry::show(common, &chain, &key, &[call], &[("transfer", amount)]).await;
        }
        let price = chain.price(&key, &call).await?;
        let needs = Amount(amount.0.saturating_add(price.fee.0));
        chain.ensure_funds(from, needs, head).await?;
        output::hint(&format!(
            "{from}\n  pays     {amount}, and a fee of {}\n  to       {to}",
            price.fee
        ));
        if !self.yes && !output::ask("pay?", "--yes")? {
            return Err(Error::Impossible("nothing was paid".into()));
        }
        let sent = chain
            .submit(&key, &call)
            .await
            .map_err(|error| match error {
                Error::Lost { url, reason } => Error::MaybePaid { url, reason, to },
                other => other,
            });
        let block = sent?.block.number;
        let paid = json!({
            "call": "transfer",
            "from": from,
            "to": to,
            "amount": amount.0.to_string(),
            "block": block,
        });
        common.print(&paid, || format!("{to} received {amount} (block {block})"));
        Ok(())
    }
}

/// Whether an account can get an amount now.
///
/// # Errors
/// [`Error::Impossible`], or what the node says.
pub(super) async fn ensure_receivable(
    chain: &Chain,
    to: &AccountId,
    amount: Amount,
) -> Result<(), Error> {
    let head = chain.best().await?;
    let has = chain.balance(to, head).await?.free;
    receivable(to, amount, has, chain.smallest_balance(head).await?)
}

/// Whether an account that has `has` can get an amount: none may end below the smallest balance.
fn receivable(to: &AccountId, amount: Amount, has: Amount, smallest: Amount) -> Result<(), Error> {
    let missing = smallest.0.saturating_sub(has.0);
    match amount.0 < missing {
        true => Err(Error::Impossible(format!(
            "{to} has {has}, and an account holds {smallest} at least: pay {} or more",
            Amount(missing)
        ))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::UNIT;

    #[test]
    fn an_account_cannot_begin_with_dust() {
        let smallest = Amount(UNIT / 1_000);
        let check = |amount, has| receivable(&AccountId([7; 32]), Amount(amount), has, smallest);
        check(UNIT / 1_000, Amount(0)).unwrap();
        check(1, smallest).unwrap();
        let error = check(1, Amount(0)).unwrap_err().to_string();
        assert!(
            error.ends_with("an account holds 0.001 UNIT at least: pay 0.001 UNIT or more"),
            "{error}"
        );
    }

    #[test]
    fn nothing_is_no_amount() {
        assert_eq!(some("1.5"), Ok(Amount(3 * UNIT / 2)));
        assert!(some("0.0").is_err());
        assert!(some("-1").is_err());
    }
}
