//! The end of a round in steps: measure and combine chunk by chunk, record, settle, clear, go on.
//!
//! ```text
//! open -> Combine .. -> Record -> Settle .. -> Clear .. -> Retire .. -> Dismiss .. -> Proceed
//!           |    |         ^                                   |                        ^
//!           |    +- Gate --+                                   +- a round will follow --+
//!           +- too few ----+
//! ```
//!
//! Where the federation has a quality gate, the job rests in it and is queued again, see `judge.rs`.
//!
//! The arithmetic is [`fedchain_fl::Aggregation`]'s; here values are fetched for it and results are
//! kept. The new server model is written beside the old one and takes its place when it is whole.

use alloc::vec::Vec;
use codec::Encode;
use core::ops::Range;
use fedchain_commitment::{Accepted, Tree, accepted_root};
use fedchain_fl::{
    Aggregation, Candidate,
    view::{DIGEST_ID, Outcome, RoundRecord, ServerModel},
};
use frame_support::{BoundedVec, defensive, traits::Defensive};
use sp_runtime::{DigestItem, Saturating};

use crate::{
    pallet::*,
    settle::settle_batch,
    types::{Answer, Ending, FederationId, Job, Phase, Slot, Stage},
};

/// Chunks of a former model deleted in one step.
pub(crate) const CLEAR_BATCH: u32 = 32;

impl<T: Config> Pallet<T> {
    /// The job of a round that has just ended, or of a federation cancelled before one.
    pub(crate) fn open_job(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> JobOf<T> {
        let mut job = Job {
            roster: BoundedVec::new(),
            accepted: BoundedVec::new(),
            leaves: BoundedVec::new(),
            judgement: None,
            stage: Self::after_clear(state, spec),
        };
        let Phase::Aggregate { ending } = state.phase else {
            return job;
        };
        let mut roster: Vec<T::AccountId> = Members::<T>::iter_prefix(federation)
            .filter(|(_, member)| member.first_round <= state.round.index)
            .map(|(client, _)| client)
            .collect();
        roster.sort();
        if spec.task.strategy.terms().is_some() {
            Self::open_certified(federation, state, ending, &mut job);
            // Nobody is asked anything in the rounds after the first, or paid for it.
            roster.truncate(state.round.roster as usize);
            job.roster = BoundedVec::truncate_from(roster);
            return job;
        }
        let (accepted, candidates): (Vec<_>, Vec<_>) = roster
            .iter()
            .filter_map(|client| Self::accepted(federation, spec, client))
            .unzip();
        let is_quorate = accepted.len() as u32 >= spec.accepted_min(state.round.turnout());
        job.stage = match Aggregation::new(&spec.task, &candidates) {
            _ if matches!(ending, Ending::Crowded { .. }) => Stage::Record(Outcome::Crowded),
            Ok(aggregation) if is_quorate => Stage::Combine(aggregation),
            Ok(_) | Err(_) => Stage::Record(Outcome::Skipped),
        };
        job.roster = BoundedVec::truncate_from(roster);
        job.accepted = BoundedVec::truncate_from(accepted);
        job
    }

    /// The job of a certified round: its model is there already. Names in its certificate who has
    /// committed and not revealed.
    fn open_certified(
        federation: FederationId,
        state: &FederationOf<T>,
        ending: Ending,
        job: &mut JobOf<T>,
    ) {
        let round = state.round.index;
        let Some(mut certificate) = Certificates::<T>::get(federation, round) else {
            job.stage = Stage::Record(match ending {
                Ending::Crowded { .. } => Outcome::Crowded,
                Ending::Unasked | Ending::Asked => Outcome::Skipped,
            });
            return;
        };
        let mut commitments: Vec<_> = Commitments::<T>::iter_prefix(federation).collect();
        commitments.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut accepted, mut withheld, mut guilty) = (Vec::new(), Vec::new(), Vec::new());
        for (account, commitment) in commitments {
            match commitment.answer {
                Answer::Accepted {
                    sample_count,
                    values_root,
                } if !certificate.left_out.contains(&account) => accepted.push(Accepted {
                    account,
                    sample_count,
                    values_root,
                }),
                Answer::Open => withheld.push(account),
                Answer::Guilty => guilty.push(account),
                Answer::Accepted { .. } | Answer::Rejected => {}
            }
        }
        if state.round.roster > 0 {
            certificate.withheld = BoundedVec::truncate_from(withheld);
            certificate.guilty = BoundedVec::truncate_from(guilty);
            Certificates::<T>::insert(federation, round, certificate);
        }
        job.accepted = BoundedVec::truncate_from(accepted);
        let model = Models::<T>::get((federation, state.slot.other(), 0));
        let model = model.defensive_unwrap_or_default();
        let _ = job
            .leaves
            .try_push(Tree::Values.leaf(0, &model))
            .defensive();
        job.stage = Stage::Record(Outcome::Adopted);
    }

    /// A client's update, if it counts.
    pub(crate) fn accepted(
        federation: FederationId,
        spec: &SpecOf<T>,
        client: &T::AccountId,
    ) -> Option<(Accepted<T::AccountId>, Candidate)> {
        let commitment = Commitments::<T>::get(federation, client)?;
        let Answer::Accepted {
            sample_count,
            values_root,
        } = commitment.answer
        else {
            return None;
        };
        let accepted = Accepted {
            account: client.clone(),
            sample_count,
            values_root,
        };
        let candidate = Candidate {
            count: spec.effective_count(sample_count).defensive().ok()?,
            squared_norm: commitment.squared_norm,
        };
        Some((accepted, candidate))
    }

    /// Does the next step of a job; answers how it goes on.
    pub(crate) fn step(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        job: &mut JobOf<T>,
    ) -> Then {
        let next = match &mut job.stage {
            Stage::Combine(aggregation) => {
                let clients = job.accepted.iter().map(|accepted| &accepted.account);
                let target = state.slot.other();
                match Self::combine(federation, state, spec, aggregation, clients, target) {
                    Ok(leaf) => {
                        let _ = leaf.map(|leaf| job.leaves.try_push(leaf).defensive());
                        match aggregation.next_chunk(&spec.task) {
                            Some(_) => return Then::Again,
                            None if spec.gate.is_some() => Stage::Gate,
                            None => Stage::Record(Outcome::Adopted),
                        }
                    }
                    Err(error) => {
                        defensive!("checked updates cannot be combined", error);
                        Stage::Record(Outcome::Skipped)
                    }
                }
            }
            Stage::Gate if Self::open_gate(federation, state, spec) => {
                job.stage = Stage::Gather;
                return Then::Rest;
            }
            Stage::Gate => Stage::Record(Outcome::Ungated),
            Stage::Gather => Self::gather(federation, state, spec, job),
            Stage::Score => Self::score(federation, state, spec, job),
            Stage::Omit => Self::omit(federation, spec, job),
            Stage::Trial(_) => Self::trial(federation, state, spec, job),
            Stage::Record(outcome) => {
                let outcome = *outcome;
                Self::record(federation, state, outcome, job);
                Self::drop_idle(federation, state);
                Stage::Settle { outcome, next: 0 }
            }
            Stage::Settle { outcome, next } => {
                let (outcome, next) = (*outcome, *next);
                let size = settle_batch(spec.task.update_chunks());
                let batch = job.roster.iter().skip(next as usize).take(size as usize);
                let sharers = state.round.committed;
                let earned = |client: &_| Self::earned(spec, job, sharers, outcome, client);
                Self::settle(federation, state, batch, earned);
                let next = next.saturating_add(size);
                match (next as usize) < job.roster.len() {
                    true => Stage::Settle { outcome, next },
                    false => Stage::Clear { next: 0 },
                }
            }
            Stage::Clear { next } => {
                let end = next.saturating_add(CLEAR_BATCH);
                Self::clear(federation, state, spec, *next..end);
                match end < spec.task.model_chunks() {
                    true => Stage::Clear { next: end },
                    false => Self::after_clear(state, spec),
                }
            }
            Stage::Retire => {
                let (ends, asked) = (Self::ends(state, spec), job.judgement.is_some());
                match Self::retire(federation, state, ends, asked) {
                    true => return Then::Again,
                    false => Self::after_retire(state, spec),
                }
            }
            Stage::Dismiss if Self::dismiss(federation, state) => Stage::Proceed,
            Stage::Dismiss => Stage::Dismiss,
            // Cancelled, joined or committed since the last step.
            Stage::Proceed if Self::ends(state, spec) && Self::has_open(federation, state) => {
                Self::after_clear(state, spec)
            }
            Stage::Proceed => {
                Self::open_round_or_wait(federation, state, spec);
                return Then::Over;
            }
        };
        job.stage = next;
        Then::Again
    }

    /// What comes when only holdouts and members are left of a round.
    fn after_clear(state: &FederationOf<T>, spec: &SpecOf<T>) -> Stage {
        match spec.gate {
            Some(_) => Stage::Retire,
            None => Self::after_retire(state, spec),
        }
    }

    /// What comes when only members are left.
    fn after_retire(state: &FederationOf<T>, spec: &SpecOf<T>) -> Stage {
        match Self::ends(state, spec) {
            true => Stage::Dismiss,
            false => Stage::Proceed,
        }
    }

    /// Whether a federation that ends has members or holdouts still.
    fn has_open(federation: FederationId, state: &FederationOf<T>) -> bool {
        let mut holdouts = Holdouts::<T>::iter_key_prefix((federation,));
        state.members > 0 || holdouts.next().is_some()
    }

    /// Deletes some chunks of what the round has left beside the newest model.
    fn clear(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        chunks: Range<u32>,
    ) {
        let other = state.slot.other();
        for index in chunks.start..chunks.end.min(spec.task.model_chunks()) {
            Models::<T>::remove((federation, other, index));
            if spec.task.optimiser.keeps_moments() {
                Moments::<T>::remove((federation, other, index));
            }
            if Self::measured_max(spec) > 0 {
                Models::<T>::remove((federation, Slot::Trial, index));
            }
        }
    }

    /// Whether no round will follow the current one.
    pub(crate) fn ends(state: &FederationOf<T>, spec: &SpecOf<T>) -> bool {
        state.cancelling || state.round.index >= spec.last_round(state.skipped)
    }

    /// Takes the next chunk of these clients' updates; answers the hash of that chunk of the model that
    /// is made in the slot `target`. The optimiser's memory is kept beside the next model only.
    fn combine<'a>(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        aggregation: &mut Aggregation,
        clients: impl Iterator<Item = &'a T::AccountId>,
        target: Slot,
    ) -> Result<Option<fedchain_fl::H256>, fedchain_fl::Error>
    where
        T::AccountId: 'a,
    {
        let Some(index) = aggregation.next_chunk(&spec.task) else {
            return Ok(None);
        };
        let format = spec.task.format;
        let base = Self::model(
            federation,
            state.slot,
            format,
            index..index.saturating_add(1),
        );
        let updates = clients
            .map(|client| Self::staged(federation, client, format, index))
            .collect();
        let keeps_moments = spec.task.optimiser.keeps_moments() && !aggregation.is_measuring();
        let mut moments = match keeps_moments {
            true => Moments::<T>::get((federation, state.slot, index)).map_or_else(
                || alloc::vec![Default::default(); base.len()],
                BoundedVec::into_inner,
            ),
            false => Vec::new(),
        };
        let Some(values) = aggregation.step(&spec.task, &base, updates, &mut moments)? else {
            return Ok(None);
        };
        if keeps_moments && target != Slot::Trial {
            let moments = BoundedVec::truncate_from(moments);
            Moments::<T>::insert((federation, target, index), moments);
        }
        let bytes = format.encode(&values)?;
        Self::put_model(federation, target, index, &bytes);
        Ok(Some(Tree::Values.leaf(index, &bytes)))
    }

    /// Takes the next chunk of the model without one client.
    fn trial(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        job: &mut JobOf<T>,
    ) -> Stage {
        let others: Vec<_> = Self::others(job).cloned().collect();
        let Stage::Trial(aggregation) = &mut job.stage else {
            return job.stage.clone();
        };
        let made = Self::combine(
            federation,
            state,
            spec,
            aggregation,
            others.iter(),
            Slot::Trial,
        );
        if let Err(error) = made {
            defensive!("checked updates cannot be combined", error);
        }
        match aggregation.next_chunk(&spec.task) {
            Some(_) => job.stage.clone(),
            None => Stage::Score,
        }
    }

    /// Adopts the new model or not, and records the round in state, in the header's digest and as
    /// events.
    fn record(
        federation: FederationId,
        state: &mut FederationOf<T>,
        outcome: Outcome,
        job: &JobOf<T>,
    ) {
        let round = state.round.index;
        if outcome.is_skipped() {
            state.skipped.saturating_inc();
        }
        let candidate_root = Tree::Values.root(job.leaves.to_vec());
        if outcome.is_adopted() {
            state.model_root = candidate_root;
            state.slot = state.slot.other();
        } else {
            MomentSums::<T>::remove(federation);
        }
        let model_root = state.model_root;
        let mut accepted = job.accepted.to_vec();
        let record = RoundRecord {
            outcome,
            model_root,
            accepted_root: accepted_root(&mut accepted),
            accepted: accepted.len() as u32,
            opened_at: state.round.opened_at,
            closed_at: Self::now(),
        };
        let server_model = ServerModel {
            federation,
            round,
            outcome,
            model_root,
            accepted_root: record.accepted_root,
            gate_hash: Self::record_judgement((federation, round), candidate_root, job),
        };
        Rounds::<T>::insert(federation, round, record);
        frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(
            DIGEST_ID,
            server_model.encode(),
        ));
        Self::deposit_event(Event::RoundClosed {
            federation,
            round,
            outcome,
            model_root,
            accepted: accepted.len() as u32,
        });
    }
}

/// How a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// With its next step.
    Again,
    /// Not before the gate closes.
    Rest,
    /// It was the last step.
    Over,
}
