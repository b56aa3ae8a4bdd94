//! `--dry-run`: what a command would send and what that takes, without sending it.

use std::fmt;

use fedchain_fl::limits::FEE_FACTOR_MAX;
use serde_json::{Value, json};
use subxt_signer::sr25519::Keypair;

use super::{Common, output};
use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, call::Call, submit::Price},
    keys,
    session::{
        Job,
        rehearse::{self, Take},
    },
    words::count,
};

/// What calls take from an account.
struct Bill {
    account: AccountId,
    calls: Vec<(&'static str, Price)>,
    takes: Vec<Take>,
    /// How many times as much the fees can become while blocks are full.
    growth: f64,
    /// What the account can spend.
    usable: Amount,
}

/// Says which calls would be sent with a key, and what they take beside their fees.
pub(super) async fn show(
    common: &Common,
    chain: &Chain,
    key: &Keypair,
    calls: &[Call],
    takes: &[Take],
) -> Result<(), Error> {
    let (account, head) = (keys::account(key), chain.best().await?);
    let mut bill = Bill {
        account,
        calls: Vec::new(),
        takes: takes.to_vec(),
        growth: f64::from(FEE_FACTOR_MAX) / chain.fee_factor(head).await?,
        usable: chain.balance(&account, head).await?.usable,
    };
    for call in calls {
        bill.calls
            .push((call.name(), chain.price(key, call).await?));
    }
    common.print(&bill.value(), || bill.to_string());
    Ok(())
}

/// Says what taking part in a round would send.
pub(super) async fn show_round(common: &Common, job: &Job, key: &Keypair) -> Result<(), Error> {
    let chain = common.connect().await?;
    let tell = |note: String| output::hint(&note);
    let found = rehearse::rehearse(&chain, job, key, tell).await?;
    common.print(&found, || found.to_string());
    show(common, &chain, key, &found.calls, &found.takes).await
}

impl Bill {
    fn fees(&self) -> Amount {
        sum(self.calls.iter().map(|(_, price)| price.fee))
    }

    /// The fees while blocks are as full as they can be for long.
    fn fees_at_most(&self) -> Amount {
        Amount((self.fees().0 as f64 * self.growth) as u128)
    }

    fn total(&self) -> Amount {
        let takes = self.takes.iter().map(|(_, amount)| *amount);
        sum(takes.chain([self.fees()]))
    }

    fn value(&self) -> Value {
        let decimal = |amount: Amount| amount.0.to_string();
        let call = |(name, price): &(&str, Price)| {
            let fee = decimal(price.fee);
            json!({ "call": name, "bytes": price.bytes, "fee": fee })
        };
        let takes = self.takes.iter();
        let takes: serde_json::Map<_, _> = takes
            .map(|(what, amount)| ((*what).to_owned(), json!(decimal(*amount))))
            .collect();
        json!({
            "dry_run": true,
            "account": self.account,
            "calls": self.calls.iter().map(call).collect::<Vec<_>>(),
            "takes": takes,
            "fees_at_most": decimal(self.fees_at_most()),
            "total": decimal(self.total()),
            "usable": decimal(self.usable),
        })
    }
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    Amount(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
}

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "would send from {}", self.account)?;
        for (call, Price { bytes, fee }) in &self.calls {
            writeln!(f, "  {call:<20} {}, fee {fee}", count(*bytes, "byte"))?;
        }
        writeln!(f, "would take")?;
        writeln!(
            f,
            "  {:<20} {}, at most {} while blocks are full",
            "fees",
            self.fees(),
            self.fees_at_most()
        )?;
        for (what, amount) in &self.takes {
            writeln!(f, "  {what:<20} {amount}")?;
        }
        let (total, usable) = (self.total(), self.usable);
        match usable.0.checked_sub(total.0) {
            Some(left) => writeln!(f, "of {usable} to spend, {} stay", Amount(left))?,
            None => {
                let missing = Amount(total.0.saturating_sub(usable.0));
                writeln!(f, "of {usable} to spend: {missing} are missing")?;
            }
        }
        f.write_str("nothing was sent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::UNIT;

    fn bill(usable: u128) -> Bill {
        let price = |bytes, fee| Price {
            bytes,
            fee: Amount(fee),
        };
        Bill {
            account: AccountId([1; 32]),
            calls: vec![
                ("commit", price(180, UNIT / 100)),
                ("reveal", price(4_096, UNIT / 10)),
            ],
            takes: vec![("bond", Amount(UNIT))],
            growth: 1_000.0,
            usable: Amount(usable),
        }
    }

    #[test]
    fn a_bill_names_calls_and_sums() {
        assert_eq!(
            bill(5 * UNIT).to_string(),
            "would send from 5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT\n  \
             commit               180 bytes, fee 0.01 UNIT\n  \
             reveal               4096 bytes, fee 0.1 UNIT\n\
             would take\n  \
             fees                 0.11 UNIT, at most 110 UNIT while blocks are full\n  \
             bond                 1 UNIT\n\
             of 5 UNIT to spend, 3.89 UNIT stay\n\
             nothing was sent"
        );
        let poor = bill(UNIT).to_string();
        assert!(
            poor.contains("of 1 UNIT to spend: 0.11 UNIT are missing"),
            "{poor}"
        );
    }

    #[test]
    fn programs_read_the_smallest_unit() {
        let value = bill(5 * UNIT).value();
        assert_eq!(value["total"], "1110000000000");
        assert_eq!(value["takes"], json!({ "bond": "1000000000000" }));
        assert_eq!(
            value["calls"][0],
            json!({ "call": "commit", "bytes": 180, "fee": "10000000000" })
        );
    }
}
