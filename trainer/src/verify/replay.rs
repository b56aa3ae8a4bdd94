//! The pure replay: each round recomputed when its digest comes.

use std::collections::BTreeMap;

use fedchain_commitment::{Accepted, Opening, Part, accepted_root, spec_hash, values_root};
use fedchain_fl::{
    Error as FlError, FederationSpec, H256, Initial, Moment, Update, aggregate,
    norm::squared_distance,
    view::{ModelView, Outcome, ServerModel},
};

use super::{Difference, What};
use crate::chain::AccountId;

/// What a block holds of one federation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Height.
    pub number: u32,
    /// Commitments, in order.
    pub commits: Vec<Commit>,
    /// Reveals, in order.
    pub reveals: Vec<Reveal>,
    /// Parts of the initial model, in order; such as do not fit are not the chain's.
    pub uploads: Vec<Part>,
    /// Closed rounds, by the header's digest.
    pub closed: Vec<ServerModel>,
}

/// A transaction that commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The client.
    pub client: AccountId,
    /// Number of the round.
    pub round: u32,
    /// Root of the model that training started from.
    pub base_root: H256,
    /// The commitment.
    pub commitment: H256,
}

/// A transaction that reveals a part of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reveal {
    /// The client.
    pub client: AccountId,
    /// Number of the round.
    pub round: u32,
    /// Rows, as stated.
    pub sample_count: u32,
    /// The commitment's salt.
    pub salt: [u8; 32],
    /// The part.
    pub part: Part,
    /// Whether the chain took it; none when the block's events are gone, and its opening alone
    /// decides.
    pub succeeded: Option<bool>,
}

/// A round as recomputed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    /// Number of the round.
    pub round: u32,
    /// The block that closed it.
    pub block: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Accepted updates.
    pub accepted: u32,
    /// Root of their set.
    pub accepted_root: H256,
    /// Root of the server model after it.
    pub model_root: H256,
}

/// A transaction with its block.
struct At<T> {
    block: u32,
    sent: T,
}

/// What clients sent in one round.
#[derive(Default)]
struct Sent {
    commits: Vec<At<Commit>>,
    reveals: Vec<At<Reveal>>,
}

/// A federation up to some block.
pub struct Replay {
    genesis: H256,
    federation: u32,
    spec: FederationSpec<u128>,
    spec_hash: H256,
    param_count: u32,
    model: Vec<i32>,
    moments: Vec<Moment>,
    model_root: H256,
    closed: u32,
    sent: BTreeMap<u32, Sent>,
}

impl Replay {
    /// A federation as it is created.
    ///
    /// # Errors
    /// When the spec cannot work.
    pub fn new(
        genesis: H256,
        federation: u32,
        spec: FederationSpec<u128>,
    ) -> Result<Self, FlError> {
        let model = spec.task.initial_model()?.unwrap_or_default();
        let model_root = match spec.task.initial {
            Initial::Uploaded { root } => root,
            Initial::Zeros | Initial::Seeded(_) => values_root(&spec.task.format.encode(&model)?),
        };
        Ok(Self {
            genesis,
            federation,
            spec_hash: spec_hash(&spec.task),
            param_count: spec.task.param_count()?,
            spec,
            model,
            moments: Vec::new(),
            model_root,
            closed: 0,
            sent: BTreeMap::new(),
        })
    }

    /// Rounds closed so far.
    pub fn closed(&self) -> u32 {
        self.closed
    }

    /// Root of the newest server model.
    pub fn model_root(&self) -> H256 {
        self.model_root
    }

    /// Takes the next block; answers the rounds that it closed.
    ///
    /// # Errors
    /// The first difference.
    pub fn block(&mut self, block: Block) -> Result<Vec<Round>, Difference> {
        let number = block.number;
        for part in &block.uploads {
            self.upload(part);
        }
        for commit in block.commits {
            let sent = At {
                block: number,
                sent: commit,
            };
            self.sent
                .entry(sent.sent.round)
                .or_default()
                .commits
                .push(sent);
        }
        for reveal in block
            .reveals
            .into_iter()
            .filter(|reveal| reveal.succeeded != Some(false))
        {
            let sent = At {
                block: number,
                sent: reveal,
            };
            self.sent
                .entry(sent.sent.round)
                .or_default()
                .reveals
                .push(sent);
        }
        block
            .closed
            .iter()
            .map(|closed| self.close(number, closed))
            .collect()
    }

    /// Takes the next part of the initial model.
    fn upload(&mut self, part: &Part) {
        let task = &self.spec.task;
        let format = task.format;
        let belongs = |total| part.root(total) == Some(self.model_root);
        let received = self.model.len() as u32 / format.chunk_values();
        let is_next = self.closed == 0
            && (self.model.len() as u32) < self.param_count
            && part.first == received
            && task.update_bytes().is_ok_and(belongs);
        if is_next {
            self.model.extend(format.decode(&part.values));
        }
    }

    /// Recomputes a round and compares it with the header's digest.
    fn close(&mut self, block: u32, closed: &ServerModel) -> Result<Round, Difference> {
        let round = closed.round;
        let differs = |what| Difference {
            block: Some(block),
            round,
            what,
        };
        let expected = self.closed.saturating_add(1);
        if round != expected {
            return Err(differs(What::Order { expected }));
        }
        let sent = self.sent.remove(&round).unwrap_or_default();
        let updates = self.accepted_updates(&sent)?;
        let accepted = updates.len() as u32;
        let outcome = match accepted >= self.spec.task.strategy.updates_min() {
            true => Outcome::Adopted,
            false => Outcome::Skipped,
        };
        if outcome != closed.outcome {
            let (expected, found) = (outcome, closed.outcome);
            return Err(differs(What::Ending {
                expected,
                found,
                accepted,
            }));
        }
        let mut set: Vec<_> = updates
            .iter()
            .map(|update| update.accepted.clone())
            .collect();
        let expected = accepted_root(&mut set);
        if expected != closed.accepted_root {
            let found = closed.accepted_root;
            return Err(differs(What::Accepted { expected, found }));
        }
        if outcome == Outcome::Adopted {
            let weighted: Vec<_> = updates
                .iter()
                .map(|update| (update.values.as_slice(), update.weight))
                .collect();
            let client = AccountId(Default::default());
            let cannot = |error| differs(What::Update { client, error });
            self.model = aggregate(&self.spec.task, &self.model, &weighted, &mut self.moments)
                .map_err(cannot)?;
            let bytes = self.spec.task.format.encode(&self.model).map_err(cannot)?;
            self.model_root = values_root(&bytes);
        }
        if self.model_root != closed.model_root {
            let (expected, found) = (self.model_root, closed.model_root);
            return Err(differs(What::Model { expected, found }));
        }
        self.closed = round;
        let (accepted_root, model_root) = (expected, self.model_root);
        Ok(Round {
            round,
            block,
            outcome,
            accepted,
            accepted_root,
            model_root,
        })
    }

    /// The updates that count, in ascending order of accounts, each checked against its commitment
    /// and the norm bound.
    fn accepted_updates(&self, sent: &Sent) -> Result<Vec<Counted>, Difference> {
        let mut commitments: BTreeMap<AccountId, Vec<H256>> = BTreeMap::new();
        for At {
            block,
            sent: commit,
        } in &sent.commits
        {
            let (client, found) = (commit.client, commit.base_root);
            if found != self.model_root {
                let what = What::Base {
                    client,
                    expected: self.model_root,
                    found,
                };
                return Err(Difference {
                    block: Some(*block),
                    round: commit.round,
                    what,
                });
            }
            commitments
                .entry(client)
                .or_default()
                .push(commit.commitment);
        }
        let mut received: BTreeMap<AccountId, Received> = BTreeMap::new();
        for At {
            block,
            sent: reveal,
        } in &sent.reveals
        {
            let update = received.entry(reveal.client).or_default();
            match self.open(reveal, commitments.get(&reveal.client), update) {
                Ok(()) => {}
                // A wrong opening changes nothing on chain; it is an error only if the chain took it.
                Err(_) if reveal.succeeded.is_none() => {}
                Err(what) => {
                    return Err(Difference {
                        block: Some(*block),
                        round: reveal.round,
                        what,
                    });
                }
            }
        }
        Ok(received
            .into_iter()
            .filter_map(|(client, update)| self.count(client, update))
            .collect())
    }

    /// Checks a part against the commitment and adds it to what was received.
    fn open(
        &self,
        reveal: &Reveal,
        commitments: Option<&Vec<H256>>,
        received: &mut Received,
    ) -> Result<(), What> {
        let client = reveal.client;
        let commitments = commitments.ok_or(What::NoCommitment { client })?;
        let cannot = |error| What::Update { client, error };
        let task = &self.spec.task;
        let weight = self
            .spec
            .effective_count(reveal.sample_count)
            .map_err(cannot)?;
        let update = Update(&reveal.part.values)
            .check_part(task, reveal.part.first)
            .map_err(cannot)?;
        let root = reveal.part.root(task.update_bytes().map_err(cannot)?);
        let opening = Opening {
            genesis: self.genesis,
            federation: self.federation,
            round: reveal.round,
            spec_hash: self.spec_hash,
            base_root: self.model_root,
            account: client.0,
            sample_count: reveal.sample_count,
            param_count: self.param_count,
            values_root: root.ok_or(What::Opening { client })?,
            salt: reveal.salt,
        };
        if !commitments.contains(&opening.commitment()) {
            return Err(What::Opening { client });
        }
        if reveal.part.first != received.chunks {
            return Err(What::PartOrder { client });
        }
        received.chunks = reveal.part.first.saturating_add(reveal.part.chunks());
        received.values.extend(update.values());
        received.opened = Some((reveal.sample_count, weight, opening.values_root));
        Ok(())
    }

    /// An update that counts; none when parts are missing or it lies beyond the norm bound.
    fn count(&self, client: AccountId, received: Received) -> Option<Counted> {
        let (sample_count, weight, values_root) = received.opened?;
        let squared = squared_distance(&received.values, &self.model);
        let is_whole = received.values.len() as u32 == self.param_count;
        let is_within = self.spec.task.norm.is_none_or(|rule| rule.accepts(squared));
        (is_whole && is_within).then_some(Counted {
            accepted: Accepted {
                account: client.0,
                sample_count,
                values_root,
            },
            values: received.values,
            weight,
        })
    }

    /// Compares a model file with the newest server model.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&self, file: &ModelView) -> Result<(), Difference> {
        let differs = |what| Difference {
            block: None,
            round: file.round,
            what,
        };
        let states = |field, expected: String, found: String| {
            differs(What::File {
                field,
                expected,
                found,
            })
        };
        if file.federation != self.federation {
            let (expected, found) = (self.federation.to_string(), file.federation.to_string());
            return Err(states("federation", expected, found));
        }
        let frac_bits = self.spec.task.format.frac_bits;
        if file.frac_bits != frac_bits {
            return Err(states(
                "frac_bits",
                frac_bits.to_string(),
                file.frac_bits.to_string(),
            ));
        }
        let weights = self.model.iter().zip(&file.values);
        for (index, (expected, found)) in weights.enumerate() {
            if expected != found {
                let (expected, found) = (*expected, *found);
                return Err(differs(What::Weight {
                    index,
                    expected,
                    found,
                }));
            }
        }
        if file.values.len() != self.model.len() {
            let (expected, found) = (self.model.len().to_string(), file.values.len().to_string());
            return Err(states("a number of weights of", expected, found));
        }
        if file.root != self.model_root {
            let (expected, found) = (self.model_root, file.root);
            return Err(states(
                "the root",
                format!("{expected:?}"),
                format!("{found:?}"),
            ));
        }
        Ok(())
    }
}

/// The parts of an update so far.
#[derive(Default)]
struct Received {
    chunks: u32,
    values: Vec<i32>,
    /// Sample count, its weight and the values root.
    opened: Option<(u32, u32, H256)>,
}

/// An update that counts.
struct Counted {
    accepted: Accepted<[u8; 32]>,
    values: Vec<i32>,
    weight: u32,
}

#[cfg(test)]
mod tests;
