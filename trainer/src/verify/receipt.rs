//! Making receipts: the blocks are replayed up to the round, then the headers are fetched.

use fedchain_commitment::Membership;
use fedchain_fl::view::Outcome;
use fedchain_receipt::{Header, Receipt, rules_key};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    federation::{Asked, changed, verify},
    nothing::Nothing,
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
/// [`Error::UnknownFederation`]; [`Error::Nothing`] when there is no such update in an adopted server model;
/// [`Error::Impossible`] when the chain changed meanwhile; [`Error::Verify`] when the round is not what its
/// updates make of it.
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
    if round == 0 {
        let why = "is that of the initial model";
        return Err(Nothing::WithoutModel { round, why }.into());
    }
    let best = chain.best().await?;
    if to > best.number {
        let best = best.number;
        return Err(Nothing::Ahead { to, best }.into());
    }
    let found = chain.round(federation, round, best.hash).await?;
    let closed_at = match found.and_then(|found| found.record) {
        Some(record) => Some(record.closed_at),
        // The round is not closed yet, or the federation not there any more.
        None => match chain.federation(federation, best.hash).await {
            Err(Error::UnknownFederation(_)) => None,
            Err(other) => return Err(other),
            Ok(_) => {
                return Err(Nothing::NotClosed {
                    federation,
                    round,
                    to: best.number,
                }
                .into());
            }
        },
    };
    if let Some(closed_at) = closed_at.filter(|closed_at| *closed_at > to) {
        return Err(Nothing::EndsBefore {
            round,
            closed_at,
            to,
        }
        .into());
    }
    let asked = Asked {
        federation,
        to: closed_at,
        file: None,
    };
    let report = verify(chain, asked, |_| {}, &passed).await?;
    let read_to = report.reach.to;
    let mut rounds = report.rounds.into_iter();
    let found = rounds.find(|found| found.round == round);
    let Some(found) = found else {
        return Err(match closed_at {
            Some(_) => changed(),
            None => Nothing::NotClosed {
                federation,
                round,
                to: read_to,
            }
            .into(),
        });
    };
    let Round {
        outcome,
        mut updates,
        accepted,
        block: closed_at,
        ..
    } = found;
    if closed_at > to {
        return Err(Nothing::EndsBefore {
            round,
            closed_at,
            to,
        }
        .into());
    }
    let without_model = match outcome {
        Outcome::Adopted | Outcome::Ungated => None,
        Outcome::Skipped | Outcome::Crowded => Some("was skipped"),
        Outcome::Worse => Some("made a model that was worse than the one before it"),
    };
    if let Some(why) = without_model {
        return Err(Nothing::WithoutModel { round, why }.into());
    }
    let not_accepted = || Nothing::NotAccepted {
        client,
        accepted,
        round,
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
