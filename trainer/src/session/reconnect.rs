//! Losing the node and finding it again.

use std::time::Duration;

use crate::{
    Error,
    chain::{AccountId, Chain, Wait},
    store::Place,
};

/// First and longest pause between attempts to reach the node again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Connects again once the node is back that went away for `reason`; `note` hears of both.
///
/// # Errors
/// [`Error::Impossible`] when it is back with a chain on which the federation is another one.
pub(crate) async fn regain(
    url: &str,
    place: &Place,
    created_at: u32,
    reason: &str,
    note: impl Fn(String),
) -> Result<Chain, Error> {
    note(format!("the node went away ({reason}): waiting for it"));
    loop {
        let chain = reconnect(url).await;
        match is_back(&chain, place, created_at).await {
            Ok(true) => {
                note("the node is back".into());
                return Ok(chain);
            }
            Ok(false) => {
                return Err(Error::Impossible(format!(
                    "the node is back with another chain, on which federation {} is not this one",
                    place.federation
                )));
            }
            // It went away again.
            Err(Error::Lost { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Connects again as soon as the node answers.
pub(crate) async fn reconnect(url: &str) -> Chain {
    let mut pause = RECONNECT.0;
    loop {
        tokio::time::sleep(pause).await;
        match Chain::connect(url, Wait::Best).await {
            Ok(chain) => return chain,
            Err(_) => pause = (pause * 2).min(RECONNECT.1),
        }
    }
}

/// Where a client of a federation stands.
pub(crate) async fn place_on(
    chain: &Chain,
    federation: u32,
    account: AccountId,
) -> Result<Place, Error> {
    let head = chain.best().await?;
    let view = chain.federation(federation, head.hash).await?;
    let created = chain.block_hash(view.created_at).await?;
    Ok(Place {
        genesis: chain.genesis(),
        federation,
        created,
        account,
    })
}

/// Waits until a node that was away has its chain again, and says whether it is the same one;
/// `created_at` is the height of the block that created the federation.
async fn is_back(chain: &Chain, place: &Place, created_at: u32) -> Result<bool, Error> {
    if chain.genesis() != place.genesis {
        return Ok(false);
    }
    let mut heads = chain.heads().await?;
    while chain.is_syncing().await? || chain.best().await?.number < created_at {
        heads.next().await?;
    }
    Ok(chain.block_hash(created_at).await? == place.created)
}

/// The round that finality has reached: no reorganisation comes back to an earlier one.
pub(crate) async fn settled_round(chain: &Chain, federation: u32) -> u32 {
    let Ok(head) = chain.finalised().await else {
        return 0;
    };
    let view = chain.federation(federation, head.hash).await;
    view.map_or(0, |view| view.round)
}
