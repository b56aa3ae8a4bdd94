//! The invariants, checked over the whole state.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use sp_runtime::{
    TryRuntimeError,
    traits::{Saturating, Zero},
};

use crate::{
    pallet::*,
    types::{Answer, FederationId, Phase},
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
            Self::check_staging(federation, &state, &spec)?;
            Self::check_model(federation, &state, &spec)?;
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
            Phase::Commit { .. } | Phase::Reveal { .. } | Phase::Aggregate { .. }
        );
        let answers = |counts: fn(&Answer) -> bool| {
            Commitments::<T>::iter_prefix_values(federation)
                .filter(|c| counts(&c.answer))
                .count()
        };
        let (committed, revealed, accepted) = match in_round {
            true => (round.committed, round.revealed, round.accepted),
            false => (0, 0, 0),
        };
        ensure!(
            answers(|_| true) == committed as usize,
            "commitments are miscounted"
        );
        ensure!(
            answers(|a| *a != Answer::Open) == revealed as usize,
            "reveals are miscounted"
        );
        ensure!(
            answers(|a| matches!(a, Answer::Accepted { .. })) == accepted as usize,
            "accepted updates are miscounted"
        );
        ensure!(
            committed <= round.roster,
            "more commitments than clients on the roster"
        );
        ensure!(
            !state.phase.is_over() || members == 0,
            "a federation that is over has members"
        );
        Ok(())
    }

    /// Staged updates or sums are there exactly for accepted updates of the current round.
    fn check_staging(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let staged: BTreeSet<T::AccountId> = StagedUpdates::<T>::iter_key_prefix((federation,))
            .map(|(account, _)| account)
            .collect();
        let has_sums = Sums::<T>::iter_key_prefix(federation).next().is_some();
        let accepted: BTreeSet<T::AccountId> = Commitments::<T>::iter_prefix(federation)
            .filter(|(_, c)| matches!(c.answer, Answer::Accepted { .. }))
            .map(|(account, _)| account)
            .collect();
        if spec.task.strategy.folds() {
            ensure!(staged.is_empty(), "a folding strategy has staged updates");
            ensure!(
                has_sums != accepted.is_empty(),
                "sums do not match the accepted updates"
            );
        } else {
            ensure!(!has_sums, "a strategy that stages has sums");
            ensure!(
                staged == accepted,
                "staged updates are not the accepted ones"
            );
        }
        ensure!(
            accepted.len() <= state.members as usize,
            "an accepted client is no member"
        );
        Ok(())
    }

    fn check_model(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let model = Self::model(federation, spec.task.format, state.param_count);
        let bytes = spec
            .task
            .format
            .encode(&model)
            .map_err(|_| "the model overflows its width")?;
        ensure!(
            fedchain_commitment::values_root(&bytes) == state.model_root,
            "the model in state has another root"
        );
        let newest = Rounds::<T>::iter_prefix(federation).max_by_key(|(round, _)| *round);
        ensure!(
            newest.is_none_or(|(_, record)| record.model_root == state.model_root),
            "the newest round recorded another model"
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
            let is_open = commitment.answer == Answer::Open;
            add(
                HoldReason::Bond,
                client,
                if is_open {
                    commitment.bond
                } else {
                    Zero::zero()
                },
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
            .filter(|(_, state)| matches!(state.phase, Phase::Aggregate { .. }))
            .map(|(federation, _)| federation)
            .collect();
        ensure!(
            queued == due,
            "the queue is not the set of federations in the Aggregate phase"
        );
        Ok(())
    }
}
