//! The whole chain, from its blocks alone: is each block in its place, paid for, and with the body
//! that its header names? Does every server model follow from the updates before it?
//!
//! Nothing that the node says is believed but what hashes bind: which transactions failed, the spec of a
//! federation that was created within another call, and the runtime's code, which is run here to read
//! transactions, are proven by the state root in the header; and who sent a transaction signed it. That
//! the state itself is right is not: that takes a node, which executes every block.

mod auditor;

use fedchain_fl::H256;
use fedchain_pow::U256;
use fedchain_receipt::{Fault, rules_key, upgrades_code};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Serialize, Serializer};
use thiserror::Error;

use super::{
    fetch::{Raw, Scope},
    nothing::Nothing,
    reach::Reach,
    replay::Round,
    signed::Ancestors,
};
use crate::{
    Error,
    chain::{AccountId, Chain, runtime::TurnKind},
};
use auditor::Auditor;

/// Blocks asked for at once.
const IN_FLIGHT: usize = 16;

/// The first block that cannot be one of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("block {block}: {flaw}")]
pub struct Broken {
    /// Its height.
    pub block: u32,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong with a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// The node names a block that it does not have: its header was changed.
    #[error("the node calls it {0:?}, but has no such block")]
    Missing(H256),
    /// The header is not the one of the block's hash.
    #[error("its header has the hash {found:?}, but the node calls the block {stated:?}")]
    Hash {
        /// Hash of the header.
        found: H256,
        /// Hash of the block, as the node says.
        stated: H256,
    },
    /// The header cannot stand in its place.
    #[error(transparent)]
    Header(#[from] Fault),
    /// The extrinsics are not those of the header.
    #[error("its transactions have the root {found:?}, but its header says {expected:?}")]
    Body {
        /// Root in the header.
        expected: H256,
        /// Root of the extrinsics.
        found: H256,
    },
    /// A transaction is not of the account that it names.
    #[error(
        "transaction {index}: the signature is not that of {account}: no honest node executed this block"
    )]
    Signature {
        /// Its place in the block.
        index: u32,
        /// The account.
        account: AccountId,
    },
    /// The genesis state's rules are not proven.
    #[error("the rules of the difficulty are not proven by the genesis block's state root")]
    Rules,
    /// Federations are numbered in order.
    #[error("it creates federation {found}, but {expected} was due")]
    Number {
        /// The number that was due.
        expected: u32,
        /// The number as the node says.
        found: u32,
    },
    /// A round of no federation.
    #[error("it closes a round of federation {0}, which no block created")]
    Uncreated(u32),
    /// A round of a federation that is gone.
    #[error("it closes a round of federation {0}, which was removed before")]
    ClosedAfterRemoval(u32),
    /// The end of a federation that cannot end.
    #[error(
        "it ends federation {0}, which its owner did not ask to end, or which had ended before"
    )]
    Ended(u32),
    /// A federation was deleted that still ran, or that is not there.
    #[error("it removes federation {0}, which was not over, or was not there")]
    RemovedEarly(u32),
    /// Somebody else deleted a federation.
    #[error("it removes federation {federation} for {by}, but its owner is {owner}")]
    RemovedByOther {
        /// The federation.
        federation: u32,
        /// Who owns it.
        owner: AccountId,
        /// Who signed the removal.
        by: AccountId,
    },
}

/// What was found on the way.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Found {
    /// A federation was created.
    Federation {
        /// Its number.
        federation: u32,
        /// Its name.
        name: String,
        /// The block.
        block: u32,
    },
    /// A round was recomputed.
    Round {
        /// Number of the federation.
        federation: u32,
        /// The round.
        #[serde(flatten)]
        round: Box<Round>,
    },
    /// A federation that was over was deleted from the state.
    Removal {
        /// Its number.
        federation: u32,
        /// The block.
        block: u32,
    },
    /// The runtime's code was replaced; the rules of the chain may be others from the next block on.
    Upgrade {
        /// The block.
        block: u32,
    },
}

/// What was audited.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Hash of the genesis block: which chain this is.
    pub genesis: H256,
    /// The last block that was read.
    #[serde(flatten)]
    pub reach: Reach,
    /// Hashes that all blocks took on average; decimal text.
    #[serde(serialize_with = "decimal")]
    pub work: U256,
    /// Federations that were created.
    pub federations: u32,
    /// Federations that were removed.
    pub removed: u32,
    /// Rounds recomputed.
    pub rounds: u32,
    /// Server models that they made.
    pub models: u32,
    /// Models that they made, and that were judged worse and not adopted.
    pub rejected: u32,
    /// Blocks that replaced the runtime's code.
    pub upgrades: Vec<u32>,
}

impl Report {
    /// Whether a server model was recomputed at all.
    ///
    /// # Errors
    /// [`Nothing::NoModels`] when none was.
    pub fn proves_models(&self) -> Result<(), Nothing> {
        match self.models > 0 || self.rejected > 0 {
            true => Ok(()),
            false => Err(Nothing::NoModels { to: self.reach.to }),
        }
    }
}

fn decimal<S: Serializer>(number: &U256, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// Audits the chain up to block `to`, or the newest final one. Tells of all that it finds, and by `passed` how
/// many blocks of how many are done.
///
/// # Errors
/// [`Error::Broken`], [`Error::Unproven`] or [`Error::Verify`] with the first thing that is wrong;
/// [`Error::Pruned`] when the node does not have all states any more; [`Error::Nothing`] when there are no such
/// blocks.
pub async fn audit(
    chain: &Chain,
    to: Option<u32>,
    tell: impl Fn(&Found),
    passed: impl Fn(u32, u32),
) -> Result<Report, Error> {
    let best = chain.best().await?.number;
    let is_newest = to.is_none();
    let to = match to {
        Some(to) => to,
        None => chain.finalised().await?.number,
    };
    match to {
        0 => return Err(Nothing::Genesis { is_newest }.into()),
        to if to > best => return Err(Nothing::Ahead { to, best }.into()),
        _ => {}
    }
    let Raw { head, header, .. } = Raw::fetch(chain, 0).await?;
    let mut auditor = Auditor::new(head, &header, &chain.proof(&header, rules_key()).await?)?;
    let genesis = auditor.genesis;
    let mut runtime = chain.runtime(&header, genesis).await?;
    let mut ancestors = Ancestors::followed(genesis);
    let fetch = async |number| {
        let block = Raw::fetch(chain, number).await;
        block.map_err(|error| match error {
            Error::NoBlock(hash) => Broken {
                block: number,
                flaw: Flaw::Missing(hash),
            }
            .into(),
            other => other,
        })
    };
    let blocks = stream::iter(1..=to).map(fetch);
    let mut blocks = blocks.buffered(IN_FLIGHT);
    while let Some(block) = blocks.try_next().await? {
        let head = block.head;
        auditor.block(&block)?;
        let is_upgrade = upgrades_code(&block.header);
        let may_end = auditor.may_end();
        let contents = block.contents(chain, &runtime, &mut ancestors, Scope::All { may_end });
        let mut contents = contents.await?;
        let turns = contents.turns().ok_or(Error::Pruned(head.number))?;
        for turn in &turns {
            let TurnKind::Created(owner) = turn.kind else {
                continue;
            };
            let spec = match contents.spec(*turn) {
                Some(spec) => spec,
                // Created within another call.
                None => chain.spec(&block.header, turn.federation).await?,
            };
            tell(&auditor.create(head.number, turn.federation, owner, spec)?);
        }
        let removers: Vec<_> = turns.iter().map(|turn| contents.remover(*turn)).collect();
        // Rounds are closed before a block's transactions.
        for found in auditor.replay(head.number, &mut contents)? {
            tell(&found);
        }
        for (turn, remover) in turns.into_iter().zip(removers) {
            if let Some(found) = auditor.end(head.number, turn, remover)? {
                tell(&found);
            }
        }
        if is_upgrade {
            runtime = chain.runtime(&block.header, genesis).await?;
            tell(&auditor.upgrade(head.number));
        }
        ancestors.push(head.hash);
        passed(head.number, to);
    }
    let reach = Reach::of(chain, auditor.newest()).await?;
    Ok(auditor.report(reach))
}

#[cfg(test)]
mod tests;
