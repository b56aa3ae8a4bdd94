//! Making receipts: the blocks are replayed up to the round, then the headers are fetched.

use fedchain_commitment::Membership;
use fedchain_fl::view::Outcome;
use fedchain_receipt::{Header, Receipt, rules_key};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    federation::{changed, verify},
    replay::Round,
};
use crate::{
    Error,
    chain::{AccountId, Chain},
};

/// Headers asked for at once.
const IN_FLIGHT: usize = 32;

/// What a receipt is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// Whose update.
    pub client: AccountId,
    /// Whether it shall hold all headers from the genesis block on, not only those from the round's
    /// end on.
    pub since_genesis: bool,
    /// The last header's block.
    pub to: u32,
}

/// Makes a receipt from a node's blocks. Tells by `passed` how many blocks, then how many headers, of how
/// many are done.
///
/// # Errors
/// [`Error::UnknownFederation`], also when it was removed; [`Error::Impossible`] when there is no such
/// update in an adopted server model, or the chain changed meanwhile; [`Error::Verify`] when the round
/// is not what its updates make of it.
pub async fn get(
    chain: &Chain,
    wanted: Wanted,
    passed: impl Fn(u32, u32),
) -> Result<Receipt, Error> {
    let Wanted {
        federation,
        round,
        client,
        since_genesis,
        to,
    } = wanted;
    let best = chain.best().await?;
    let found = chain.round(federation, round, best.hash).await?;
    let Some(record) = found.and_then(|found| found.record) else {
        // Of a federation that is not there, this says so.
        chain.federation(federation, best.hash).await?;
        return Err(Error::Impossible(format!(
            "round {round} of federation {federation} is not closed: see `fedchain federation show`"
        )));
    };
    if record.closed_at > to {
        return Err(Error::Impossible(format!(
            "round {round} was closed in block {}, but the receipt shall end with block {to}: ask again \
             later, or name another one with --to",
            record.closed_at
        )));
    }
    let closed_at = record.closed_at;
    let report = verify(chain, federation, Some(closed_at), None, |_| {}, &passed).await?;
    let mut rounds = report.rounds.into_iter();
    let found = rounds.find(|found| found.round == round);
    let Round {
        outcome,
        mut updates,
        ..
    } = found.ok_or_else(changed)?;
    let without_model = match outcome {
        Outcome::Adopted | Outcome::Ungated => None,
        Outcome::Skipped | Outcome::Crowded => Some("was skipped"),
        Outcome::Worse => Some("made a model that was worse than the one before it"),
    };
    if let Some(why) = without_model {
        let reason = format!("round {round} {why}: no update is in a model");
        return Err(Error::Impossible(reason));
    }
    let not_accepted = || {
        Error::Impossible(format!(
            "{client} has no update among the {} accepted ones of round {round}",
            record.accepted
        ))
    };
    let membership = Membership::new(&mut updates, &client.0).ok_or_else(not_accepted)?;
    let update = updates.into_iter().nth(membership.place as usize);
    let (first, rules) = match since_genesis {
        true => {
            let genesis = chain.header(chain.genesis()).await?;
            (0, chain.proof(&genesis, rules_key()).await?)
        }
        false => (closed_at, Vec::new()),
    };
    let headers = stream::iter(first..=to).map(|number| header(chain, number));
    let done = |to: u32| to.saturating_sub(first).saturating_add(1);
    let headers: Vec<Header> = headers
        .buffered(IN_FLIGHT)
        .inspect_ok(|header| passed(done(header.number), done(to)))
        .try_collect()
        .await?;
    let receipt = Receipt {
        federation,
        round,
        update: update.ok_or_else(not_accepted)?,
        membership,
        rules,
        tip: chain.block_hash(to).await?,
        headers,
    };
    // The best chain may have become another one between two answers.
    receipt.check(None).map_err(|_| changed())?;
    Ok(receipt)
}

async fn header(chain: &Chain, number: u32) -> Result<Header, Error> {
    chain.header(chain.block_hash(number).await?).await
}
