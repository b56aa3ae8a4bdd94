//! The chain as far as it was audited, and what may follow.

use std::collections::BTreeMap;

use fedchain_fl::{FederationSpec, H256, view::Outcome};
use fedchain_receipt::{Header, HeaderChain, Links, chain_from};

use super::{Broken, Flaw, Found, Report};
use crate::{
    Error,
    chain::{
        AccountId, Head,
        runtime::{Turn, TurnKind},
    },
    verify::{
        fetch::{Contents, Raw},
        reach::Reach,
        replay::Replay,
    },
};

/// The chain so far.
pub(super) struct Auditor {
    pub(super) genesis: H256,
    links: Links,
    work: HeaderChain,
    pub(super) federations: BTreeMap<u32, Audited>,
    /// Rounds that made a server model, one that was not adopted, or none.
    models: u32,
    rejected: u32,
    skipped: u32,
    upgrades: Vec<u32>,
}

/// A federation so far.
pub(super) struct Audited {
    owner: AccountId,
    pub(super) replay: Replay,
    life: Life,
}

/// How far a federation is, beside its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    /// Its owner asked to end it: it does when its round is over, if there is one.
    Ending,
    Cancelled,
    Removed,
}

impl Auditor {
    pub(super) fn new(head: Head, genesis: &Header, proof: &[Vec<u8>]) -> Result<Self, Broken> {
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
            models: 0,
            rejected: 0,
            skipped: 0,
            upgrades: Vec::new(),
        })
    }

    /// Checks the next block's place, work and body.
    pub(super) fn block(&mut self, raw: &Raw) -> Result<(), Broken> {
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

    pub(super) fn create(
        &mut self,
        block: u32,
        federation: u32,
        owner: AccountId,
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
        let audited = Audited {
            owner,
            replay,
            life: Life::Running,
        };
        self.federations.insert(federation, audited);
        Ok(Found::Federation {
            federation,
            name,
            block,
        })
    }

    /// Deals the block out to its federations; answers the rounds that they closed.
    pub(super) fn replay(
        &mut self,
        block: u32,
        contents: &mut Contents,
    ) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        for federation in contents.federations() {
            let of_it = contents.of(federation);
            let (audited, flaw) = match self.federations.get_mut(&federation) {
                Some(Audited {
                    life: Life::Removed,
                    ..
                }) => (None, Flaw::ClosedAfterRemoval(federation)),
                audited => (audited, Flaw::Uncreated(federation)),
            };
            let Some(audited) = audited else {
                // A call to it only failed.
                if of_it.closed.is_empty() {
                    continue;
                }
                return Err(Broken { block, flaw }.into());
            };
            let rounds = audited.replay.block(of_it)?;
            for round in &rounds {
                let of_its_kind = match round.outcome {
                    Outcome::Adopted | Outcome::Ungated => &mut self.models,
                    Outcome::Worse => &mut self.rejected,
                    Outcome::Skipped | Outcome::Crowded => &mut self.skipped,
                };
                *of_its_kind = of_its_kind.saturating_add(1);
            }
            found.extend(rounds.into_iter().map(|round| Found::Round {
                federation,
                round: Box::new(round),
            }));
        }
        Ok(found)
    }

    /// Whether a federation may end without a transaction.
    pub(super) fn may_end(&self) -> bool {
        let mut federations = self.federations.values();
        federations.any(|audited| audited.life == Life::Ending)
    }

    /// Takes a federation's way to its end, after the block's rounds; `remover` removed it by a transaction of
    /// its own.
    pub(super) fn end(
        &mut self,
        block: u32,
        turn: Turn,
        remover: Option<AccountId>,
    ) -> Result<Option<Found>, Broken> {
        let federation = turn.federation;
        let broken = |flaw| Broken { block, flaw };
        let audited = self.federations.get_mut(&federation);
        match turn.kind {
            TurnKind::Created(_) => {}
            TurnKind::Ending => match audited {
                // Also after the last round, while its clients are settled.
                Some(audited) if matches!(audited.life, Life::Running | Life::Ending) => {
                    audited.life = Life::Ending;
                }
                _ => return Err(broken(Flaw::Ended(federation))),
            },
            TurnKind::Cancelled => match audited {
                Some(audited) if audited.life == Life::Ending => audited.life = Life::Cancelled,
                _ => return Err(broken(Flaw::Ended(federation))),
            },
            TurnKind::Removed => {
                let audited = audited.filter(|audited| audited.is_over());
                let audited = audited.ok_or_else(|| broken(Flaw::RemovedEarly(federation)))?;
                let owner = audited.owner;
                if let Some(by) = remover.filter(|by| *by != owner) {
                    return Err(broken(Flaw::RemovedByOther {
                        federation,
                        owner,
                        by,
                    }));
                }
                audited.life = Life::Removed;
                return Ok(Some(Found::Removal { federation, block }));
            }
        }
        Ok(None)
    }

    pub(super) fn upgrade(&mut self, block: u32) -> Found {
        self.upgrades.push(block);
        Found::Upgrade { block }
    }

    pub(super) fn newest(&self) -> Head {
        Head {
            number: self.links.number(),
            hash: self.links.hash(),
        }
    }

    pub(super) fn report(self, reach: Reach) -> Report {
        let federations = self.federations.values();
        let removed = federations.filter(|audited| audited.life == Life::Removed);
        Report {
            genesis: self.genesis,
            reach,
            work: self.work.weight(),
            removed: removed.count() as u32,
            federations: self.federations.len() as u32,
            rounds: self
                .models
                .saturating_add(self.rejected)
                .saturating_add(self.skipped),
            models: self.models,
            rejected: self.rejected,
            upgrades: self.upgrades,
        }
    }
}

impl Audited {
    /// Whether no round follows, and the federation is still there.
    fn is_over(&self) -> bool {
        match self.life {
            Life::Running | Life::Ending => self.replay.is_finished(),
            Life::Cancelled => true,
            Life::Removed => false,
        }
    }
}
