//! The judgement of a round's model, step by step: losses on holdouts, and what each client has
//! contributed.
//!
//! ```text
//! Gate --enough are bonded--> (evaluators reveal) --> Gather --> Score ..
//!                                                                  |  ^
//!                                      for each client:   Omit <---+  |
//!                                                          +-> Trial ..
//! ```
//!
//! What a loss is and what follows from it is [`fedchain_fl::gate`]'s; here models and holdouts are
//! fetched for it.

use alloc::vec::Vec;
use fedchain_commitment::gate_hash;
use fedchain_fl::{
    Aggregation, Candidate, H256,
    gate::{Assessment, GateRecord, Subject},
    limits::CHUNK_BYTES,
    score::Holdout,
    view::Outcome,
};
use fedchain_verifier::{Verifier, quality::Quality};
use frame_support::{BoundedVec, defensive, traits::Defensive};

use crate::{
    pallet::*,
    types::{Ending, FederationId, Judgement, Phase, Slot, Stage},
};

impl<T: Config> Pallet<T> {
    /// Chunks of one holdout; zero where there is no gate.
    pub(crate) fn holdout_chunks(spec: &SpecOf<T>) -> u32 {
        Self::holdout_bytes(spec).div_ceil(CHUNK_BYTES)
    }

    /// Bytes of one holdout; zero where there is no gate.
    pub(crate) fn holdout_bytes(spec: &SpecOf<T>) -> u32 {
        spec.gate
            .as_ref()
            .map_or(0, |gate| Holdout::bytes(&spec.task, gate.rows))
    }

    /// Clients whose contributions are measured, at most.
    pub(crate) fn measured_max(spec: &SpecOf<T>) -> u32 {
        match spec.gate.as_ref().is_some_and(|gate| gate.contributes()) {
            true => spec.clients_max,
            false => 0,
        }
    }

    /// Asks the evaluators for their holdouts; answers whether enough are bonded.
    pub(crate) fn open_gate(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> bool {
        let round = state.round.index;
        let bonded = Holdouts::<T>::iter_key_prefix((federation, round)).count() as u32;
        let Some(gate) = spec.gate.as_ref().filter(|gate| bonded >= gate.quorum) else {
            return false;
        };
        let settle_blocks = spec.windows.settle_blocks;
        let opens_at = Self::now().saturating_add(settle_blocks).saturating_add(1);
        let window = Self::window(settle_blocks.saturating_add(gate.blocks));
        state.phase = Phase::Gate { opens_at, window };
        Self::deposit_event(Event::GateOpened {
            federation,
            round,
            opens_at,
        });
        true
    }

    /// Begins the judgement with the holdouts that are there.
    pub(crate) fn gather(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        job: &mut JobOf<T>,
    ) -> Stage {
        // An attacker that fills blocks does not get its model past the judges.
        if let Phase::Aggregate {
            ending: Ending::Crowded { .. },
        } = state.phase
        {
            return Stage::Record(Outcome::Crowded);
        }
        let mut holdouts: Vec<_> = Holdouts::<T>::iter_prefix((federation, state.round.index))
            .filter_map(|(evaluator, pledge)| Some((evaluator, pledge.root?)))
            .collect();
        holdouts.sort();
        let quorum = spec.gate.as_ref().map_or(u32::MAX, |gate| gate.quorum);
        let is_quorate = holdouts.len() as u32 >= quorum;
        if !is_quorate {
            holdouts.clear();
        }
        let clients = Self::measured_max(spec).min(job.accepted.len() as u32);
        job.judgement = Some(Judgement {
            assessment: Assessment::new(holdouts.len() as u32, clients),
            holdouts: BoundedVec::truncate_from(holdouts),
        });
        match is_quorate {
            true => Stage::Score,
            false => Stage::Record(Outcome::Ungated),
        }
    }

    /// Measures the next loss.
    pub(crate) fn score(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        job: &mut JobOf<T>,
    ) -> Stage {
        let Some((judgement, gate)) = job.judgement.as_mut().zip(spec.gate.as_ref()).defensive()
        else {
            return Stage::Record(Outcome::Ungated);
        };
        let assessment = &mut judgement.assessment;
        let place = assessment.holdout() as usize;
        let slot = match assessment.next() {
            Some(Subject::Base) => state.slot,
            Some(Subject::New) | None => state.slot.other(),
            Some(Subject::Without(_)) => Slot::Trial,
        };
        let task = &spec.task;
        let model = Self::model(federation, slot, task.format, 0..task.model_chunks());
        let rows: Vec<u8> = judgement
            .holdouts
            .get(place)
            .into_iter()
            .flat_map(|(evaluator, _)| Self::holdout(federation, evaluator, spec))
            .collect();
        let quality = Quality {
            task,
            rows: gate.rows,
            model: &model,
        };
        let loss = quality.verify(&rows).unwrap_or_else(|error| {
            defensive!("a checked holdout cannot be measured", error);
            u64::MAX
        });
        assessment.take(loss);
        match assessment.next() {
            None => Stage::Record(gate.verdict(assessment)),
            Some(Subject::Without(_)) if assessment.holdout() == 0 => Stage::Omit,
            Some(_) => Stage::Score,
        }
    }

    /// Canonical bytes of a revealed holdout.
    fn holdout(federation: FederationId, evaluator: &T::AccountId, spec: &SpecOf<T>) -> Vec<u8> {
        (0..Self::holdout_chunks(spec))
            .filter_map(|index| StagedUpdates::<T>::get((federation, evaluator, index)))
            .flatten()
            .collect()
    }

    /// Begins the model without the next client. Where too few updates are left for the strategy, the
    /// base model would have stayed: all clients' contributions follow from that.
    pub(crate) fn omit(federation: FederationId, spec: &SpecOf<T>, job: &mut JobOf<T>) -> Stage {
        let candidates: Vec<Candidate> = Self::others(job)
            .filter_map(|client| Self::accepted(federation, spec, client))
            .map(|(_, candidate)| candidate)
            .collect();
        if let Ok(aggregation) = Aggregation::new(&spec.task, &candidates) {
            return Stage::Trial(aggregation);
        }
        let Some((judgement, gate)) = job.judgement.as_mut().zip(spec.gate.as_ref()).defensive()
        else {
            return Stage::Record(Outcome::Ungated);
        };
        let assessment = &mut judgement.assessment;
        assessment.keep_base();
        Stage::Record(gate.verdict(assessment))
    }

    /// Keeps the judgement, if there was one, and answers its hash.
    pub(crate) fn record_judgement(
        (federation, round): (FederationId, u32),
        candidate_root: H256,
        job: &JobOf<T>,
    ) -> Option<H256> {
        let judgement = job.judgement.as_ref()?;
        if judgement.holdouts.is_empty() {
            return None;
        }
        let record = GateRecord::new(
            (federation, round),
            candidate_root,
            judgement.holdouts.iter().cloned(),
            job.accepted.iter().map(|accepted| accepted.account.clone()),
            &judgement.assessment,
        );
        let hash = gate_hash(&record);
        Self::deposit_event(Event::ModelJudged {
            federation,
            round,
            holdouts: judgement.holdouts.len() as u32,
            change: record.change,
        });
        Gates::<T>::insert(federation, round, record);
        Some(hash)
    }

    /// The accepted clients but the one whose contribution is measured, in order.
    pub(crate) fn others(job: &JobOf<T>) -> impl Iterator<Item = &T::AccountId> {
        let next = job.judgement.as_ref().and_then(|j| j.assessment.next());
        (0..)
            .zip(&job.accepted)
            .filter(move |(place, _)| next != Some(Subject::Without(*place)))
            .map(|(_, accepted)| &accepted.account)
    }
}
