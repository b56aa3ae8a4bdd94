//! The pure replay: each round recomputed when its digest comes.

mod certified;
mod declared;
mod file;
mod gate;
mod made;
mod open;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use fedchain_commitment::{
    Accepted, Opening, Part, Tree, accepted_root, gate_hash, spec_hash, values_root,
};
use fedchain_fl::{
    Error as FlError, FederationSpec, H256, Initial, LeastSquares, Moment, Privacy, Turnout,
    aggregate,
    gate::GateRecord,
    view::{Bound, Outcome, ServerModel},
    window::CROWDED_FACTOR,
};
use fedchain_verifier::{Verifier, norm::Near, opening, optimality::Moments};

use super::{Difference, What};
use crate::chain::AccountId;
use certified::Contributors;
pub use certified::{Certify, Refute};
pub use declared::Declared;
use declared::declared;
use gate::Holdouts;
pub use gate::{HoldoutReveal, Pledge, Unfit};
use made::{Counted, Made, Received, accepted};
use open::open_any;

/// What a block holds of one federation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Height.
    pub number: u32,
    /// Commitments, in order.
    pub commits: Vec<Commit>,
    /// Reveals, in order.
    pub reveals: Vec<Reveal>,
    /// Solutions of a certified regression, in order.
    pub certified: Vec<Certify>,
    /// Proofs that a client's moments are of no rows, in order.
    pub refuted: Vec<Refute>,
    /// Commitments to holdouts, in order.
    pub pledges: Vec<Pledge>,
    /// Reveals of holdouts, in order.
    pub holdouts: Vec<HoldoutReveal>,
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
    /// Differential privacy, as declared.
    pub privacy: Option<Privacy>,
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
    /// What its solution proves, of a certified regression.
    pub bound: Option<Bound>,
    /// What holdouts say of the model that it made, where it was judged.
    pub judgement: Option<GateRecord<AccountId>>,
    /// Privacy that clients declare of accepted updates, in ascending order of accounts.
    pub declared: Vec<Declared>,
    /// The accepted updates, in ascending order of accounts.
    #[serde(skip)]
    pub updates: Vec<Accepted<[u8; 32]>>,
}

/// A transaction with its block.
struct At<T> {
    block: u32,
    sent: T,
}

/// What clients and evaluators sent in one round.
#[derive(Default)]
struct Sent {
    commits: Vec<At<Commit>>,
    reveals: Vec<At<Reveal>>,
    pledges: Vec<Pledge>,
    holdouts: Vec<At<HoldoutReveal>>,
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
    /// Rounds among them that were skipped.
    skipped: u32,
    sent: BTreeMap<u32, Sent>,
    /// Roots of all whole holdouts so far: each judges once.
    used: BTreeSet<H256>,
    /// Of a certified regression whose first round was adopted.
    contributors: Contributors,
    /// Solutions since the last round closed.
    solutions: Vec<Certify>,
    /// Proofs against clients since then.
    refuted: Vec<Refute>,
    /// The block that closed the last round.
    closed_at: u32,
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
            skipped: 0,
            sent: BTreeMap::new(),
            used: BTreeSet::new(),
            contributors: Contributors::new(),
            solutions: Vec::new(),
            refuted: Vec::new(),
            closed_at: 0,
        })
    }

    fn difference(&self, block: Option<u32>, round: u32, what: What) -> Difference {
        Difference {
            block,
            federation: self.federation,
            round,
            what,
        }
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
        for pledge in block.pledges {
            let sent = self.sent.entry(pledge.round).or_default();
            sent.pledges.push(pledge);
        }
        for reveal in block
            .holdouts
            .into_iter()
            .filter(|reveal| reveal.succeeded != Some(false))
        {
            let sent = self.sent.entry(reveal.round).or_default();
            sent.holdouts.push(At {
                block: number,
                sent: reveal,
            });
        }
        let rounds = block
            .closed
            .iter()
            .map(|closed| self.close(number, closed))
            .collect();
        // Rounds are closed before a block's transactions: these solutions are for the next one.
        let taken = block.certified.into_iter();
        self.solutions
            .extend(taken.filter(|certify| certify.succeeded != Some(false)));
        let taken = block.refuted.into_iter();
        self.refuted
            .extend(taken.filter(|refute| refute.succeeded != Some(false)));
        rounds
    }

    /// Takes the next part of the initial model.
    fn upload(&mut self, part: &Part) {
        let task = &self.spec.task;
        let format = task.format;
        let belongs = |total| part.root(Tree::Values, total) == Some(self.model_root);
        let received = self.model.len() as u32 / format.chunk_values();
        let is_next = self.closed == 0
            && (self.model.len() as u32) < self.param_count
            && part.first == received
            && task.model_bytes().is_ok_and(belongs);
        if is_next {
            self.model.extend(format.decode(&part.values));
        }
    }

    /// Recomputes a round and compares it with the header's digest.
    fn close(&mut self, block: u32, closed: &ServerModel) -> Result<Round, Difference> {
        let (federation, round) = (self.federation, closed.round);
        let differs = |what| Difference {
            block: Some(block),
            federation,
            round,
            what,
        };
        let expected = self.closed.saturating_add(1);
        if round != expected {
            return Err(differs(What::Order { expected }));
        }
        let sent = self.sent.remove(&round).unwrap_or_default();
        let (mut updates, mut turnout) = self.accepted_updates(&sent)?;
        turnout.guilty = certified::drop_guilty(&mut updates, &std::mem::take(&mut self.refuted))
            .map_err(differs)?;
        let declared = declared(&updates);
        let holdouts = self.holdouts(&sent)?;
        let revealed = holdouts.count();
        let is_quorate = updates.len() as u32 >= self.spec.accepted_min(turnout);
        let made = match self.spec.task.strategy.terms() {
            _ if closed.outcome == Outcome::Crowded => self.crowded(block, updates),
            // In the rounds after the first nobody is asked.
            Some(terms) if is_quorate || turnout.committed == 0 => self.solve(terms, updates),
            Some(_) => Ok(Made::skipped(Vec::new())),
            None if is_quorate => self.aggregate(updates, &holdouts),
            None => Ok(Made::skipped(accepted(updates))),
        };
        let Made {
            outcome,
            model,
            mut updates,
            bound,
            judgement,
        } = made.map_err(differs)?;
        let accepted = updates.len() as u32;
        if outcome != closed.outcome {
            let (expected, found) = (outcome, closed.outcome);
            return Err(differs(What::Ending {
                expected,
                found,
                accepted,
                revealed,
            }));
        }
        let accepted_root = accepted_root(&mut updates);
        if accepted_root != closed.accepted_root {
            let (expected, found) = (accepted_root, closed.accepted_root);
            return Err(differs(What::Accepted { expected, found }));
        }
        if let Some(model) = model {
            self.model_root = self.root(&model).map_err(differs)?;
            self.model = model;
        }
        let model_root = self.model_root;
        if model_root != closed.model_root {
            let (expected, found) = (model_root, closed.model_root);
            return Err(differs(What::Model { expected, found }));
        }
        let expected = judgement.as_ref().map(gate_hash);
        if expected != closed.gate_hash {
            let found = closed.gate_hash;
            return Err(differs(What::Judgement { expected, found }));
        }
        self.closed = round;
        self.skipped = self.skipped.saturating_add(u32::from(outcome.is_skipped()));
        self.closed_at = block;
        Ok(Round {
            round,
            block,
            outcome,
            accepted,
            accepted_root,
            model_root,
            bound,
            judgement,
            declared,
            updates,
        })
    }

    /// Root of a model.
    fn root(&self, model: &[i32]) -> Result<H256, What> {
        let bytes = self.spec.task.format.encode(model);
        let bytes = bytes.map_err(|error| What::Aggregate { error })?;
        Ok(values_root(&bytes))
    }

    /// What the strategy makes of the updates, and the holdouts of that.
    fn aggregate(&mut self, updates: Vec<Counted>, holdouts: &Holdouts) -> Result<Made, What> {
        let task = &self.spec.task;
        let weighted: Vec<_> = updates
            .iter()
            .map(|update| (update.values.as_slice(), update.weight))
            .collect();
        let mut moments = self.moments.clone();
        let model = aggregate(task, &self.model, &weighted, &mut moments)
            .map_err(|error| What::Aggregate { error })?;
        let (outcome, judgement) = self.judge(&model, &updates, &weighted, holdouts)?;
        // A model that is not adopted leaves nothing behind.
        if outcome.is_adopted() {
            self.moments = moments;
        }
        Ok(Made {
            outcome,
            model: outcome.is_adopted().then_some(model),
            updates: accepted(updates),
            bound: None,
            judgement,
        })
    }

    /// A round whose window is said to have found no room. How full blocks were, their headers do not say;
    /// but it takes ten times the shortest window.
    fn crowded(&mut self, block: u32, updates: Vec<Counted>) -> Result<Made, What> {
        let windows = &self.spec.windows;
        let shortest = windows
            .commit_blocks
            .min(windows.settle_blocks.saturating_add(windows.reveal_blocks));
        let gate = self.spec.gate.as_ref();
        let shortest = gate.map_or(shortest, |gate| shortest.min(gate.blocks));
        let (blocks, least) = (
            block.saturating_sub(self.closed_at),
            shortest.saturating_mul(CROWDED_FACTOR),
        );
        if blocks < least {
            return Err(What::NotCrowded { blocks, least });
        }
        self.contributors.clear();
        let updates = match self.spec.task.strategy.terms() {
            Some(_) => Vec::new(),
            None => accepted(updates),
        };
        Ok(Made {
            outcome: Outcome::Crowded,
            ..Made::skipped(updates)
        })
    }

    /// What the newest solution that the chain took makes of the moments.
    fn solve(&mut self, terms: LeastSquares, updates: Vec<Counted>) -> Result<Made, What> {
        for update in updates {
            let client = AccountId(update.accepted.account);
            let moments = update.moments.ok_or(What::Opening { client })?;
            self.contributors.insert(client, (update.accepted, moments));
        }
        let mut made = Made::skipped(Vec::new());
        for certify in std::mem::take(&mut self.solutions) {
            match certified::check(&self.spec.task, terms, &self.contributors, &certify) {
                Ok(proven) => made = proven,
                Err(error) if certify.succeeded == Some(true) => {
                    return Err(What::Solution { error });
                }
                Err(_) => {}
            }
        }
        if made.model.is_none() {
            self.contributors.clear();
        }
        Ok(made)
    }

    /// The updates that count, in ascending order of accounts, each checked against its commitment
    /// and the norm bound; and what became of the others.
    fn accepted_updates(&self, sent: &Sent) -> Result<(Vec<Counted>, Turnout), Difference> {
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
                return Err(self.difference(Some(*block), commit.round, what));
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
                    return Err(self.difference(Some(*block), reveal.round, what));
                }
            }
        }
        let chunks = self.spec.task.update_chunks();
        let whole = received.values().filter(|update| update.chunks == chunks);
        let whole = whole.count() as u32;
        let updates: Vec<Counted> = received
            .into_iter()
            .filter_map(|(client, update)| self.count(client, update))
            .collect();
        let turnout = Turnout {
            committed: commitments.len() as u32,
            rejected: whole.saturating_sub(updates.len() as u32),
            guilty: 0,
        };
        Ok((updates, turnout))
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
        let part = &reveal.part;
        let opened = open_any(
            commitments,
            Opening {
                genesis: self.genesis,
                federation: self.federation,
                round: reveal.round,
                spec_hash: self.spec_hash,
                base_root: self.model_root,
                account: client.0,
                sample_count: reveal.sample_count,
                privacy: reveal.privacy,
                param_count: self.param_count,
                values_root: H256::zero(),
                salt: reveal.salt,
            },
            task.update_bytes().map_err(cannot)?,
            received.chunks,
            part,
        );
        let opened = opened.map_err(|error| match error {
            opening::Error::Size(error) => What::Update { client, error },
            opening::Error::Order { .. } => What::PartOrder { client },
            opening::Error::Proof | opening::Error::Commitment => What::Opening { client },
        })?;
        received.chunks = opened.received;
        if task.strategy.terms().is_some() {
            let shape = task.shape().map_err(cannot)?;
            let moments = Moments::decode(shape, reveal.sample_count, &part.values);
            let moments = moments.map_err(|error| What::Moments { client, error })?;
            received.moments = Some(moments);
        }
        received.privacy = reveal.privacy;
        received.values.extend(task.format.decode(&part.values));
        received.opened = Some((reveal.sample_count, weight, opened.values_root));
        Ok(())
    }

    /// An update that counts; none when parts are missing or it lies beyond the norm bound.
    fn count(&self, client: AccountId, received: Received) -> Option<Counted> {
        let (sample_count, weight, values_root) = received.opened?;
        let is_whole = received.chunks == self.spec.task.update_chunks();
        let is_near = |rule| {
            let near = Near {
                rule,
                base: &self.model,
                before: 0,
            };
            let distance = near.verify(&received.values);
            distance.is_ok_and(|distance| distance.is_within)
        };
        let is_within = self.spec.task.norm.is_none_or(is_near);
        (is_whole && is_within).then_some(Counted {
            accepted: Accepted {
                account: client.0,
                sample_count,
                values_root,
            },
            values: received.values,
            weight,
            privacy: received.privacy,
            moments: received.moments,
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
