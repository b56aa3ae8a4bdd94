//! The end of a round in steps: measure and combine chunk by chunk, record, settle, clear, go on.
//!
//! ```text
//! open -> Combine .. -> Record -> Settle .. -> Clear .. -> Dismiss .. -> Proceed
//!           |              ^                                 ^
//!           +- too few ----+      no round will follow ------+
//! ```
//!
//! The arithmetic is [`fedchain_fl::Aggregation`]'s; here values are fetched for it and results are
//! kept. The new server model is written beside the old one and takes its place when it is whole.

use alloc::vec::Vec;
use codec::Encode;
use fedchain_commitment::{Accepted, accepted_root, leaf, root};
use fedchain_fl::{
    Aggregation, Candidate,
    view::{DIGEST_ID, Outcome, RoundRecord, ServerModel},
};
use frame_support::{BoundedVec, defensive, traits::Defensive};
use sp_runtime::{
    DigestItem,
    traits::{CheckedDiv, Zero},
};

use crate::{
    pallet::*,
    settle::settle_batch,
    types::{Answer, FederationId, Job, Phase, Stage},
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
            stage: Stage::Dismiss,
        };
        if state.phase == Phase::Closing {
            return job;
        }
        let mut roster: Vec<T::AccountId> = Members::<T>::iter_prefix(federation)
            .filter(|(_, member)| member.first_round <= state.round.index)
            .map(|(client, _)| client)
            .collect();
        roster.sort();
        if spec.task.strategy.terms().is_some() {
            Self::open_certified(federation, state, &mut job);
            // Nobody is asked anything in the rounds after the first.
            roster.truncate(state.round.roster as usize);
            job.roster = BoundedVec::truncate_from(roster);
            return job;
        }
        let (accepted, candidates): (Vec<_>, Vec<_>) = roster
            .iter()
            .filter_map(|client| Self::accepted(federation, spec, client))
            .unzip();
        job.stage = match Aggregation::new(&spec.task, &candidates) {
            Ok(aggregation) => Stage::Combine(aggregation),
            Err(_) => Stage::Record(Outcome::Skipped),
        };
        job.roster = BoundedVec::truncate_from(roster);
        job.accepted = BoundedVec::truncate_from(accepted);
        job
    }

    /// The job of a certified round: its model is there already. Names in its certificate who has
    /// committed and not revealed.
    fn open_certified(federation: FederationId, state: &FederationOf<T>, job: &mut JobOf<T>) {
        let round = state.round.index;
        let Some(mut certificate) = Certificates::<T>::get(federation, round) else {
            job.stage = Stage::Record(Outcome::Skipped);
            return;
        };
        let mut commitments: Vec<_> = Commitments::<T>::iter_prefix(federation).collect();
        commitments.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut accepted, mut withheld) = (Vec::new(), Vec::new());
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
                Answer::Accepted { .. } | Answer::Rejected => {}
            }
        }
        if state.round.roster > 0 {
            certificate.withheld = BoundedVec::truncate_from(withheld);
            Certificates::<T>::insert(federation, round, certificate);
        }
        job.accepted = BoundedVec::truncate_from(accepted);
        let model = Models::<T>::get((federation, state.slot.other(), 0));
        let model = model.defensive_unwrap_or_default();
        let _ = job.leaves.try_push(leaf(0, &model)).defensive();
        job.stage = Stage::Record(Outcome::Adopted);
    }

    /// A client's update, if it counts.
    fn accepted(
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

    /// Does the next step of a job; answers whether it was the last.
    pub(crate) fn step(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        job: &mut JobOf<T>,
    ) -> bool {
        let next = match &mut job.stage {
            Stage::Combine(aggregation) => {
                let clients = job.accepted.iter().map(|accepted| &accepted.account);
                match Self::combine(federation, state, spec, aggregation, clients) {
                    Ok(leaf) => {
                        let _ = leaf.map(|leaf| job.leaves.try_push(leaf).defensive());
                        match aggregation.next_chunk(&spec.task) {
                            Some(_) => return false,
                            None => Stage::Record(Outcome::Adopted),
                        }
                    }
                    Err(error) => {
                        defensive!("checked updates cannot be combined", error);
                        Stage::Record(Outcome::Skipped)
                    }
                }
            }
            Stage::Record(outcome) => {
                let outcome = *outcome;
                if outcome == Outcome::Adopted {
                    state.model_root = root(job.leaves.to_vec());
                    state.slot = state.slot.other();
                } else {
                    MomentSums::<T>::remove(federation);
                }
                Self::record(federation, state, outcome, job.accepted.to_vec());
                Stage::Settle { outcome, next: 0 }
            }
            Stage::Settle { outcome, next } => {
                let size = settle_batch(spec.task.update_chunks());
                let batch = job.roster.iter().skip(*next as usize);
                let accepted = (job.accepted.len() as u32).into();
                let each = match outcome {
                    Outcome::Adopted => spec.reward.checked_div(&accepted).unwrap_or_default(),
                    Outcome::Skipped => Zero::zero(),
                };
                Self::settle(federation, state, batch.take(size as usize), each);
                let next = next.saturating_add(size);
                match (next as usize) < job.roster.len() {
                    true => Stage::Settle {
                        outcome: *outcome,
                        next,
                    },
                    false => Stage::Clear { next: 0 },
                }
            }
            Stage::Clear { next } => {
                let end = next.saturating_add(CLEAR_BATCH);
                for index in *next..end.min(spec.task.model_chunks()) {
                    Models::<T>::remove((federation, state.slot.other(), index));
                }
                match end < spec.task.model_chunks() {
                    true => Stage::Clear { next: end },
                    false if Self::ends(state, spec) => Stage::Dismiss,
                    false => Stage::Proceed,
                }
            }
            Stage::Dismiss if Self::dismiss(federation, state) => Stage::Proceed,
            Stage::Dismiss => Stage::Dismiss,
            // Cancelled or joined since the last step.
            Stage::Proceed if Self::ends(state, spec) && state.members > 0 => Stage::Dismiss,
            Stage::Proceed => {
                Self::open_round_or_wait(federation, state, spec);
                return true;
            }
        };
        job.stage = next;
        false
    }

    /// Whether no round will follow the current one.
    pub(crate) fn ends(state: &FederationOf<T>, spec: &SpecOf<T>) -> bool {
        state.cancelling || state.round.index >= spec.rounds_max
    }

    /// Takes the next chunk of all accepted updates; answers the hash of the new model's chunk.
    fn combine<'a>(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        aggregation: &mut Aggregation,
        clients: impl Iterator<Item = &'a T::AccountId>,
    ) -> Result<Option<fedchain_fl::H256>, fedchain_fl::Error>
    where
        T::AccountId: 'a,
    {
        let Some(index) = aggregation.next_chunk(&spec.task) else {
            return Ok(None);
        };
        let format = spec.task.format;
        let base = Self::model(federation, state, format, index..index.saturating_add(1));
        let updates = clients
            .map(|client| Self::staged(federation, client, format, index))
            .collect();
        let keeps_moments = spec.task.optimiser.keeps_moments() && !aggregation.is_measuring();
        let mut moments = match keeps_moments {
            true => Moments::<T>::get(federation, index).map_or_else(
                || alloc::vec![Default::default(); base.len()],
                BoundedVec::into_inner,
            ),
            false => Vec::new(),
        };
        let Some(values) = aggregation.step(&spec.task, &base, updates, &mut moments)? else {
            return Ok(None);
        };
        if keeps_moments {
            Moments::<T>::insert(federation, index, BoundedVec::truncate_from(moments));
        }
        let bytes = format.encode(&values)?;
        Self::put_model(federation, state.slot.other(), index, &bytes);
        Ok(Some(leaf(index, &bytes)))
    }

    /// Records the round in state, in the header's digest and as an event.
    fn record(
        federation: FederationId,
        state: &FederationOf<T>,
        outcome: Outcome,
        mut accepted: Vec<Accepted<T::AccountId>>,
    ) {
        let (round, model_root) = (state.round.index, state.model_root);
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
