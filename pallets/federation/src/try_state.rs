//! The invariants, checked over the whole state.

use alloc::collections::{BTreeMap, BTreeSet};
use fedchain_fl::Initial;
use frame_support::ensure;
use sp_runtime::{
    TryRuntimeError,
    traits::{Saturating, Zero},
};

use crate::{
    pallet::*,
    types::{Answer, FederationId, Phase, Slot, Stage},
};

impl<T: Config> Pallet<T> {
    /// Checks the invariants of the pallet's docs.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        for (federation, state) in Federations::<T>::iter() {
            let spec = Specs::<T>::get(federation).ok_or("a federation has no spec")?;
            Self::check_counts(federation, &state)?;
            Self::check_staging(federation, &spec)?;
            Self::check_model(federation, &state, &spec)?;
            Self::check_evaluators(federation, &state, &spec)?;
        }
        Self::check_holds()?;
        Self::check_queue()
    }

    fn check_counts(
        federation: FederationId,
        state: &FederationOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let round = &state.round;
        let members = Members::<T>::iter_prefix(federation).count();
        ensure!(members == state.members as usize, "members are miscounted");
        let invited = Invitations::<T>::iter_key_prefix(federation).count();
        ensure!(
            invited == state.invited as usize,
            "invitations are miscounted"
        );
        let in_round = matches!(
            state.phase,
            Phase::Commit { .. }
                | Phase::Reveal { .. }
                | Phase::Certify {
                    window: Some(_),
                    ..
                }
                | Phase::Aggregate { .. }
                | Phase::Gate { .. }
        ) && round.roster > 0;
        let keeps_accepted = MomentSums::<T>::contains_key(federation);
        let is_settling = Jobs::<T>::get(federation).is_some_and(|job| is_settling(&job.stage));
        let answers = |counts: fn(&Answer) -> bool| {
            Commitments::<T>::iter_prefix_values(federation)
                .filter(|c| counts(&c.answer))
                .count() as u32
        };
        let found = (
            answers(|_| true),
            answers(|a| *a != Answer::Open),
            answers(|a| matches!(a, Answer::Accepted { .. })),
        );
        if !is_settling {
            let expected = match (in_round, keeps_accepted) {
                (true, _) => (round.committed, round.revealed, round.accepted),
                (false, true) => (found.2, found.2, found.2),
                (false, false) => (0, 0, 0),
            };
            ensure!(found == expected, "commitments or answers are miscounted");
        }
        ensure!(
            round.committed <= round.roster,
            "more commitments than clients on the roster"
        );
        ensure!(
            !state.phase.is_over() || members == 0,
            "a federation that is over has members"
        );
        Ok(())
    }

    /// Exactly the chunks that commitments count as received are staged.
    fn check_staging(federation: FederationId, spec: &SpecOf<T>) -> Result<(), TryRuntimeError> {
        let mut staged: BTreeMap<T::AccountId, BTreeSet<u32>> = BTreeMap::new();
        for (client, index) in StagedUpdates::<T>::iter_key_prefix((federation,)) {
            staged.entry(client).or_default().insert(index);
        }
        for ((_, evaluator), pledge) in Holdouts::<T>::iter_prefix((federation,)) {
            if pledge.received == 0 {
                continue;
            }
            let chunks = staged.remove(&evaluator).unwrap_or_default();
            ensure!(
                chunks == (0..pledge.received).collect(),
                "a holdout's chunks are not those received"
            );
            let is_whole = pledge.received == Self::holdout_chunks(spec);
            ensure!(
                is_whole == pledge.root.is_some(),
                "a holdout is open though whole, or answered though not"
            );
        }
        for (client, commitment) in Commitments::<T>::iter_prefix(federation) {
            let chunks = staged.remove(&client).unwrap_or_default();
            ensure!(
                chunks == (0..commitment.received).collect(),
                "staged chunks are not those received"
            );
            ensure!(
                commitment.answer == Answer::Guilty
                    || (commitment.received == spec.task.update_chunks())
                        == (commitment.answer != Answer::Open),
                "an update is open though whole, or answered though not"
            );
        }
        ensure!(staged.is_empty(), "chunks are staged without a commitment");
        Ok(())
    }

    /// Evaluators are no clients, and have holdouts for this round and the next at most.
    fn check_evaluators(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let evaluators: BTreeSet<_> = Evaluators::<T>::iter_key_prefix(federation).collect();
        let seats = spec.gate.as_ref().map_or(0, |gate| gate.evaluators_max);
        ensure!(
            evaluators.len() == state.evaluators as usize && state.evaluators <= seats,
            "evaluators are miscounted"
        );
        for evaluator in &evaluators {
            ensure!(
                !Members::<T>::contains_key(federation, evaluator)
                    && !Invitations::<T>::contains_key(federation, evaluator),
                "an evaluator is a client"
            );
        }
        let current = state.round.index;
        for ((round, evaluator), _) in Holdouts::<T>::iter_prefix((federation,)) {
            ensure!(
                evaluators.contains(&evaluator) && !state.phase.is_over(),
                "a holdout is nobody's"
            );
            ensure!(
                (current..=current.saturating_add(1)).contains(&round),
                "a holdout outlived its round"
            );
        }
        for (round, record) in Gates::<T>::iter_prefix(federation) {
            ensure!(
                Rounds::<T>::get(federation, round).is_some_and(|closed| {
                    !closed.outcome.is_adopted() || closed.model_root == record.candidate_root
                }),
                "a judgement is not its round's"
            );
        }
        Ok(())
    }

    fn check_model(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let chunks = spec.task.model_chunks();
        let newest = Rounds::<T>::iter_prefix(federation).max_by_key(|(round, _)| *round);
        ensure!(
            newest.is_none_or(|(_, record)| record.model_root == state.model_root),
            "the newest round recorded another model"
        );
        let is_making = matches!(state.phase, Phase::Aggregate { .. } | Phase::Gate { .. });
        let is_left = |slot| {
            Models::<T>::iter_key_prefix((federation, slot))
                .next()
                .is_some()
                || Moments::<T>::iter_key_prefix((federation, slot))
                    .next()
                    .is_some()
        };
        ensure!(
            is_making || !(is_left(state.slot.other()) || is_left(Slot::Trial)),
            "a former model or a trial is left"
        );
        let moments = Moments::<T>::iter_key_prefix((federation, state.slot)).count();
        ensure!(
            moments <= chunks as usize && (moments == 0 || spec.task.optimiser.keeps_moments()),
            "the optimiser's memory is not the model's"
        );
        let is_whole = !matches!(spec.task.initial, Initial::Uploaded { .. })
            || Models::<T>::iter_key_prefix((federation, state.slot)).count() == chunks as usize;
        if !is_whole {
            ensure!(
                state.round.index == 0,
                "a round opened before the initial model was whole"
            );
            return Ok(());
        }
        let model = Self::model(federation, state.slot, spec.task.format, 0..chunks);
        let bytes = spec
            .task
            .format
            .encode(&model)
            .map_err(|_| "the model overflows its width")?;
        ensure!(
            fedchain_commitment::values_root(&bytes) == state.model_root,
            "the model in state has another root"
        );
        Ok(())
    }

    fn check_holds() -> Result<(), TryRuntimeError> {
        let mut open: BTreeMap<(u8, T::AccountId), (HoldReason, BalanceOf<T>)> = BTreeMap::new();
        let mut add = |reason: HoldReason, who: T::AccountId, amount: BalanceOf<T>| {
            let (_, sum) = open
                .entry((reason as u8, who))
                .or_insert((reason, Zero::zero()));
            *sum = sum.saturating_add(amount);
        };
        for state in Federations::<T>::iter_values() {
            add(HoldReason::Escrow, state.owner.clone(), state.escrow);
            add(HoldReason::StateDeposit, state.owner, state.state_deposit);
        }
        for (_, client, member) in Members::<T>::iter() {
            add(HoldReason::JoinDeposit, client, member.deposit);
        }
        for (_, client, commitment) in Commitments::<T>::iter() {
            add(HoldReason::Bond, client, commitment.bond);
        }
        for ((_, _, evaluator), pledge) in Holdouts::<T>::iter() {
            let is_open = pledge.root.is_none();
            add(
                HoldReason::Bond,
                evaluator,
                if is_open { pledge.bond } else { Zero::zero() },
            );
        }
        for ((_, who), (reason, sum)) in open {
            ensure!(
                Self::held(reason, &who) == sum,
                "a held sum is not what is open"
            );
        }
        Ok(())
    }

    fn check_queue() -> Result<(), TryRuntimeError> {
        let ends = Ends::<T>::get();
        let queued: BTreeSet<FederationId> =
            (ends.head..ends.tail).filter_map(Queue::<T>::get).collect();
        ensure!(
            queued.len() as u64 == ends.tail.saturating_sub(ends.head)
                && Queue::<T>::iter().count() == queued.len(),
            "the queue has holes or holds a federation twice"
        );
        let due: BTreeSet<FederationId> = Federations::<T>::iter()
            .filter(|(_, state)| matches!(state.phase, Phase::Aggregate { .. } | Phase::Closing))
            .map(|(federation, _)| federation)
            .collect();
        ensure!(
            queued == due,
            "the queue is not the set of federations with work to do"
        );
        let resting: BTreeSet<FederationId> = Federations::<T>::iter()
            .filter(|(_, state)| matches!(state.phase, Phase::Gate { .. }))
            .map(|(federation, _)| federation)
            .collect();
        let jobs: BTreeSet<FederationId> = Jobs::<T>::iter_keys().collect();
        ensure!(
            resting.is_subset(&jobs),
            "a federation in the gate has no job"
        );
        ensure!(
            jobs.iter()
                .all(|id| due.contains(id) || resting.contains(id)),
            "a federation that is not due has a job"
        );
        Ok(())
    }
}

/// Whether commitments are being deleted, or are.
const fn is_settling(stage: &Stage) -> bool {
    matches!(
        stage,
        Stage::Settle { .. }
            | Stage::Clear { .. }
            | Stage::Retire
            | Stage::Dismiss
            | Stage::Proceed
    )
}
