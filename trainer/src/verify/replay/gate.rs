//! Judged rounds: each holdout checked against its commitment, and the judgement made again.

use std::collections::BTreeMap;

use fedchain_commitment::{HoldoutOpening, Part};
use fedchain_fl::{
    Error as FlError, H256,
    gate::{GateRecord, assess},
    score::Holdout,
    view::Outcome,
};
use fedchain_verifier::{Verifier, opening, quality::Rows};
use thiserror::Error;

use super::{At, Counted, Replay, Sent, open::open_any};
use crate::{
    chain::AccountId,
    verify::{Difference, What},
};

/// A transaction that commits to a holdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pledge {
    /// The evaluator.
    pub evaluator: AccountId,
    /// Number of the round that it judges.
    pub round: u32,
    /// The commitment.
    pub commitment: H256,
}

/// A transaction that reveals a part of a holdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldoutReveal {
    /// The evaluator.
    pub evaluator: AccountId,
    /// Number of the round.
    pub round: u32,
    /// The commitment's salt.
    pub salt: [u8; 32],
    /// The part.
    pub part: Part,
    /// Whether the chain took it; none when the block's events are gone, and its opening alone
    /// decides.
    pub succeeded: Option<bool>,
}

/// Why a holdout can judge nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// It was revealed without a commitment.
    #[error("without having committed to one")]
    Uncommitted,
    /// It is not the one that was committed, or a part does not follow the parts before it.
    #[error("that it cannot open: {0}")]
    Opening(opening::Error),
    /// Its rows do not fit the task.
    #[error("that the federation cannot take: {0}")]
    Rows(FlError),
    /// Its rows were revealed before.
    #[error("whose rows were in another one before")]
    Used,
}

/// The whole holdouts of a round, in ascending order of evaluators.
#[derive(Default)]
pub(super) struct Holdouts {
    /// Whose they are, with the roots of their values.
    roots: Vec<(AccountId, H256)>,
    rows: Vec<Holdout>,
}

impl Holdouts {
    pub(super) fn count(&self) -> u32 {
        self.rows.len() as u32
    }
}

/// The parts of a holdout so far.
#[derive(Default)]
struct Received {
    chunks: u32,
    bytes: Vec<u8>,
    /// Root and rows, once it is whole.
    whole: Option<(H256, Holdout)>,
}

impl Replay {
    /// The holdouts that count, each checked against its commitment; none without a gate.
    pub(super) fn holdouts(&mut self, sent: &Sent) -> Result<Holdouts, Difference> {
        let Some(rows) = self.spec.gate.as_ref().map(|gate| gate.rows) else {
            return Ok(Holdouts::default());
        };
        let mut commitments: BTreeMap<AccountId, Vec<H256>> = BTreeMap::new();
        for pledge in &sent.pledges {
            let of = commitments.entry(pledge.evaluator).or_default();
            of.push(pledge.commitment);
        }
        let mut received: BTreeMap<AccountId, Received> = BTreeMap::new();
        for At {
            block,
            sent: reveal,
        } in &sent.holdouts
        {
            let evaluator = reveal.evaluator;
            let holdout = received.entry(evaluator).or_default();
            match self.receive(rows, reveal, commitments.get(&evaluator), holdout) {
                Ok(()) => {}
                // As with updates: what is wrong changes nothing on chain.
                Err(_) if reveal.succeeded.is_none() => {}
                Err(fault) => {
                    let what = What::Holdout { evaluator, fault };
                    return Err(self.difference(Some(*block), reveal.round, what));
                }
            }
        }
        let mut holdouts = Holdouts::default();
        for (evaluator, Received { whole, .. }) in received {
            if let Some((root, rows)) = whole {
                holdouts.roots.push((evaluator, root));
                holdouts.rows.push(rows);
            }
        }
        Ok(holdouts)
    }

    /// Checks a part against the commitment and adds it to what was received.
    fn receive(
        &mut self,
        rows: u32,
        reveal: &HoldoutReveal,
        commitments: Option<&Vec<H256>>,
        received: &mut Received,
    ) -> Result<(), Unfit> {
        let commitments = commitments.ok_or(Unfit::Uncommitted)?;
        let (task, part) = (&self.spec.task, &reveal.part);
        let total_bytes = Holdout::bytes(task, rows);
        let opening = HoldoutOpening {
            genesis: self.genesis,
            federation: self.federation,
            round: reveal.round,
            spec_hash: self.spec_hash,
            account: reveal.evaluator.0,
            values_root: H256::zero(),
            salt: reveal.salt,
        };
        let opened = open_any(commitments, opening, total_bytes, received.chunks, part);
        let opened = opened.map_err(Unfit::Opening)?;
        let first = part.first;
        let fits = Rows { task, rows, first }.verify(&part.values);
        fits.map_err(Unfit::Rows)?;
        if self.used.contains(&opened.values_root) {
            return Err(Unfit::Used);
        }
        let bytes = [received.bytes.as_slice(), &part.values].concat();
        if bytes.len() == total_bytes as usize {
            let holdout = Holdout::decode(task, &bytes).map_err(Unfit::Rows)?;
            self.used.insert(opened.values_root);
            received.whole = Some((opened.values_root, holdout));
        }
        received.chunks = opened.received;
        received.bytes = bytes;
        Ok(())
    }

    /// What becomes of the model that a round made of its updates, and the judgement if it is judged.
    pub(super) fn judge(
        &self,
        model: &[i32],
        updates: &[Counted],
        weighted: &[(&[i32], u32)],
        holdouts: &Holdouts,
    ) -> Result<(Outcome, Option<GateRecord<AccountId>>), What> {
        let Some(gate) = &self.spec.gate else {
            return Ok((Outcome::Adopted, None));
        };
        if holdouts.count() < gate.quorum {
            return Ok((Outcome::Ungated, None));
        }
        let assessment = assess(
            &self.spec.task,
            (&self.model, model),
            weighted,
            &self.moments,
            &holdouts.rows,
            gate.contributes(),
        );
        let assessment = assessment.map_err(|error| What::Aggregate { error })?;
        let clients = updates
            .iter()
            .map(|update| AccountId(update.accepted.account));
        let record = GateRecord::new(
            (self.federation, self.closed.saturating_add(1)),
            self.root(model)?,
            holdouts.roots.iter().copied(),
            clients,
            &assessment,
        );
        Ok((gate.verdict(&assessment), Some(record)))
    }
}
