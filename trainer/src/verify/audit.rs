//! The whole chain, from its blocks alone: is each block in its place, paid for, and with the body
//! that its header names? Does every server model follow from the updates before it?
//!
//! Nothing that the node says is believed but what hashes bind: which transactions failed, the spec of a
//! federation that was created within another call, and the runtime's code, which is run here to read
//! transactions, are proven by the state root in the header; and who sent a transaction signed it. That
//! the state itself is right is not: that takes a node, which executes every block.

use std::collections::BTreeMap;

use fedchain_fl::{FederationSpec, H256};
use fedchain_pow::U256;
use fedchain_receipt::{Fault, Header, HeaderChain, Links, chain_from, rules_key, upgrades_code};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Serialize, Serializer};
use thiserror::Error;

use super::{
    fetch::{Contents, Raw},
    replay::{Replay, Round},
    signed::Ancestors,
};
use crate::{
    Error,
    chain::{AccountId, Chain, Head},
};

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
    /// Last block.
    pub to: u32,
    /// Its hash.
    pub hash: H256,
    /// Hashes that all blocks took on average; decimal text.
    #[serde(serialize_with = "decimal")]
    pub work: U256,
    /// Federations that were created.
    pub federations: u32,
    /// Rounds recomputed.
    pub rounds: u32,
    /// Blocks that replaced the runtime's code.
    pub upgrades: Vec<u32>,
}

fn decimal<S: Serializer>(number: &U256, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// Audits the chain up to block `to`. Tells of all that it finds, and by `passed` how many blocks of how
/// many are done.
///
/// # Errors
/// [`Error::Broken`], [`Error::Unproven`] or [`Error::Verify`] with the first thing that is wrong;
/// [`Error::Pruned`] when the node does not have all states any more.
pub async fn audit(
    chain: &Chain,
    to: u32,
    tell: impl Fn(&Found),
    passed: impl Fn(u32, u32),
) -> Result<Report, Error> {
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
        let mut contents = block
            .contents(chain, &runtime, &mut ancestors, None)
            .await?;
        let created = contents.created().ok_or(Error::Pruned(head.number))?;
        for (federation, spec) in created {
            let spec = match spec {
                Some(spec) => spec,
                // Created within another call.
                None => chain.spec(&block.header, federation).await?,
            };
            tell(&auditor.create(head.number, federation, spec)?);
        }
        for found in auditor.replay(head.number, &mut contents)? {
            tell(&found);
        }
        if is_upgrade {
            runtime = chain.runtime(&block.header, genesis).await?;
            tell(&auditor.upgrade(head.number));
        }
        ancestors.push(head.hash);
        passed(head.number, to);
    }
    Ok(auditor.report())
}

/// The chain so far.
struct Auditor {
    genesis: H256,
    links: Links,
    work: HeaderChain,
    federations: BTreeMap<u32, Replay>,
    rounds: u32,
    upgrades: Vec<u32>,
}

impl Auditor {
    fn new(head: Head, genesis: &Header, proof: &[Vec<u8>]) -> Result<Self, Broken> {
        let broken = |flaw| Broken { block: 0, flaw };
        let links = Links::new(genesis);
        let (found, stated) = (links.hash(), head.hash);
        if found != stated {
            return Err(broken(Flaw::Hash { found, stated }));
        }
        Ok(Self {
            genesis: found,
            links,
            work: chain_from(genesis, proof).ok_or(broken(Flaw::Rules))?,
            federations: BTreeMap::new(),
            rounds: 0,
            upgrades: Vec::new(),
        })
    }

    /// Checks the next block's place, work and body.
    fn block(&mut self, raw: &Raw) -> Result<(), Broken> {
        let Raw { head, header, .. } = raw;
        let broken = |flaw| Broken {
            block: head.number,
            flaw,
        };
        self.links
            .follow(header)
            .map_err(|fault| broken(fault.into()))?;
        raw.check_header()?;
        self.work
            .follow(header)
            .map_err(|fault| broken(fault.into()))?;
        raw.check_body()
    }

    fn create(
        &mut self,
        block: u32,
        federation: u32,
        spec: FederationSpec<u128>,
    ) -> Result<Found, Error> {
        let expected = self.federations.len() as u32;
        if federation != expected {
            let found = federation;
            let flaw = Flaw::Number { expected, found };
            return Err(Broken { block, flaw }.into());
        }
        let name = spec.name.to_string();
        let replay = Replay::new(self.genesis, federation, spec)
            .map_err(|error| Error::Protocol(error.to_string()))?;
        self.federations.insert(federation, replay);
        Ok(Found::Federation {
            federation,
            name,
            block,
        })
    }

    /// Deals the block out to its federations; answers the rounds that they closed.
    fn replay(&mut self, block: u32, contents: &mut Contents) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        for federation in contents.federations() {
            let Some(replay) = self.federations.get_mut(&federation) else {
                // A call to it only failed.
                if contents.of(federation).closed.is_empty() {
                    continue;
                }
                let flaw = Flaw::Uncreated(federation);
                return Err(Broken { block, flaw }.into());
            };
            let rounds = replay.block(contents.of(federation))?;
            self.rounds = self.rounds.saturating_add(rounds.len() as u32);
            found.extend(rounds.into_iter().map(|round| Found::Round {
                federation,
                round: Box::new(round),
            }));
        }
        Ok(found)
    }

    fn upgrade(&mut self, block: u32) -> Found {
        self.upgrades.push(block);
        Found::Upgrade { block }
    }

    fn report(self) -> Report {
        Report {
            genesis: self.genesis,
            to: self.links.number(),
            hash: self.links.hash(),
            work: self.work.weight(),
            federations: self.federations.len() as u32,
            rounds: self.rounds,
            upgrades: self.upgrades,
        }
    }
}

#[cfg(test)]
mod tests;
