//! Who judges models: appointments, and holdouts committed before a round and revealed after it.
//!
//! An evaluator is no client. It commits to a holdout before the round opens, so that no holdout is
//! chosen for or against a model, and reveals it when the model is there, so that no model is made
//! for it.

use alloc::{collections::BTreeMap, vec::Vec};
use fedchain_commitment::{HoldoutOpening, Part};
use fedchain_fl::{
    H256, Refusal,
    gate::GateRecord,
    score::Holdout,
    view::{EvaluatorView, HoldoutView},
};
use fedchain_verifier::{Verifier, opening::Committed, quality::Rows};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure};
use sp_runtime::{DispatchResult, traits::Saturating};

use crate::{
    pallet::*,
    types::{Ending, FederationId, Phase, Pledge},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_appoint(
        owner: &T::AccountId,
        federation: FederationId,
        evaluator: T::AccountId,
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        let gate = spec.gate.ok_or(Error::<T>::NoGate)?;
        ensure!(
            !Members::<T>::contains_key(federation, &evaluator),
            Error::<T>::AlreadyMember
        );
        ensure!(
            !Invitations::<T>::contains_key(federation, &evaluator),
            Error::<T>::AlreadyInvited
        );
        Self::ensure_no_evaluator(federation, &evaluator)?;
        ensure!(state.evaluators < gate.evaluators_max, Error::<T>::Full);

        Evaluators::<T>::insert(federation, &evaluator, ());
        state.evaluators.saturating_inc();
        Federations::<T>::insert(federation, state);
        Self::deposit_event(Event::EvaluatorAppointed {
            federation,
            evaluator,
        });
        Ok(())
    }

    /// Fails when the account is an evaluator: it cannot be a client then.
    pub(crate) fn ensure_no_evaluator(
        federation: FederationId,
        account: &T::AccountId,
    ) -> Result<(), Error<T>> {
        ensure!(
            !Evaluators::<T>::contains_key(federation, account),
            Error::AlreadyEvaluator
        );
        Ok(())
    }

    /// Gives up an evaluator's seat, and takes back the holdout for the coming round.
    pub(crate) fn resign(
        federation: FederationId,
        state: &mut FederationOf<T>,
        evaluator: &T::AccountId,
    ) -> Result<(), Error<T>> {
        let round = state.round.index;
        ensure!(
            !Holdouts::<T>::contains_key((federation, round, evaluator)),
            Error::HoldoutBonded
        );
        if let Some(pledge) = Holdouts::<T>::take((federation, round.saturating_add(1), evaluator))
        {
            Self::release(HoldReason::Bond, evaluator, pledge.bond);
        }
        Self::vacate(federation, state, evaluator.clone());
        Ok(())
    }

    /// Ends the seats of evaluators that have a holdout neither for this round nor for the next.
    pub(crate) fn drop_idle(federation: FederationId, state: &mut FederationOf<T>) {
        let round = state.round.index;
        let has_none = |evaluator: &T::AccountId| {
            [round, round.saturating_add(1)]
                .iter()
                .all(|round| !Holdouts::<T>::contains_key((federation, *round, evaluator)))
        };
        let idle: Vec<_> = Evaluators::<T>::iter_key_prefix(federation)
            .filter(has_none)
            .collect();
        for evaluator in idle {
            Self::vacate(federation, state, evaluator);
        }
    }

    fn vacate(federation: FederationId, state: &mut FederationOf<T>, evaluator: T::AccountId) {
        Evaluators::<T>::remove(federation, &evaluator);
        state.evaluators.saturating_dec();
        Self::deposit_event(Event::EvaluatorLeft {
            federation,
            evaluator,
        });
    }

    pub(crate) fn do_commit_holdout(
        evaluator: T::AccountId,
        federation: FederationId,
        round: u32,
        hash: H256,
    ) -> DispatchResult {
        let (state, spec) = Self::running(federation)?;
        Self::may_commit_holdout(&state, &evaluator, federation, round)
            .map_err(Error::<T>::from)?;
        ensure!(!Self::ends(&state, &spec), Error::<T>::FederationOver);
        let bond = spec.gate.ok_or(Error::<T>::NoGate)?.bond;
        Self::hold(HoldReason::Bond, &evaluator, bond)?;
        let pledge = Pledge {
            hash,
            bond,
            received: 0,
            root: None,
        };
        Holdouts::<T>::insert((federation, round, &evaluator), pledge);
        Self::deposit_event(Event::HoldoutCommitted {
            federation,
            round,
            evaluator,
        });
        Ok(())
    }

    /// Whether a holdout for the coming round would be taken now.
    pub(crate) fn may_commit_holdout(
        state: &FederationOf<T>,
        evaluator: &T::AccountId,
        federation: FederationId,
        round: u32,
    ) -> Result<(), Refusal> {
        ensure!(
            Evaluators::<T>::contains_key(federation, evaluator),
            Refusal::NotEvaluator
        );
        ensure!(
            !state.cancelling && !state.phase.is_over(),
            Refusal::CommitClosed
        );
        ensure!(
            round == state.round.index.saturating_add(1),
            Refusal::WrongRound
        );
        ensure!(
            !Holdouts::<T>::contains_key((federation, round, evaluator)),
            Refusal::AlreadyCommitted
        );
        Ok(())
    }

    pub(crate) fn do_reveal_holdout(
        evaluator: T::AccountId,
        federation: FederationId,
        round: u32,
        salt: [u8; 32],
        part: &Part,
    ) -> DispatchResultWithPostInfo {
        let (mut state, spec) = Self::running(federation).map_err(Self::early)?;
        let mut pledge =
            Self::may_reveal_holdout(&state, &evaluator, federation, round, part.first)
                .map_err(Self::early)?;
        let gate = spec.gate.as_ref().ok_or(Error::<T>::NoGate)?;
        let total_bytes = Holdout::bytes(&spec.task, gate.rows);
        let committed = Committed {
            commitment: pledge.hash,
            opening: HoldoutOpening {
                genesis: Self::genesis(),
                federation,
                round,
                spec_hash: state.spec_hash,
                account: &evaluator,
                values_root: H256::zero(),
                salt,
            },
            total_bytes,
            received: pledge.received,
        };
        let opened = committed.verify(part).map_err(Error::<T>::from)?;
        let rows = Rows {
            task: &spec.task,
            rows: gate.rows,
            first: part.first,
        };
        rows.verify(&part.values).map_err(Error::<T>::from)?;
        ensure!(
            !UsedHoldouts::<T>::contains_key(federation, opened.values_root),
            Error::<T>::HoldoutUsed
        );

        pledge.received = opened.received;
        Self::stage(federation, &evaluator, part.first, &part.values);
        let is_whole = pledge.received == Self::holdout_chunks(&spec);
        if is_whole {
            pledge.root = Some(opened.values_root);
            UsedHoldouts::<T>::insert(federation, opened.values_root, ());
            Self::release(HoldReason::Bond, &evaluator, pledge.bond);
        }
        Self::deposit_event(Event::HoldoutReceived {
            federation,
            round,
            evaluator: evaluator.clone(),
            received: pledge.received,
        });
        Holdouts::<T>::insert((federation, round, &evaluator), pledge);
        let all_are_in = || {
            Holdouts::<T>::iter_prefix_values((federation, round))
                .all(|pledge| pledge.root.is_some())
        };
        if is_whole && all_are_in() {
            Self::end_round(federation, &mut state, Ending::Asked);
            Federations::<T>::insert(federation, state);
        }
        Ok(().into())
    }

    /// Whether a part of a holdout, from chunk `first` on, could be taken now; answers the commitment
    /// that it must open.
    pub(crate) fn may_reveal_holdout(
        state: &FederationOf<T>,
        evaluator: &T::AccountId,
        federation: FederationId,
        round: u32,
        first: u32,
    ) -> Result<Pledge<BalanceOf<T>>, Refusal> {
        ensure!(round == state.round.index, Refusal::WrongRound);
        let pledge = Holdouts::<T>::get((federation, round, evaluator))
            .filter(|pledge| pledge.root.is_none())
            .ok_or(Refusal::NoCommitment)?;
        ensure!(first >= pledge.received, Refusal::PartTaken);
        match state.phase {
            Phase::Gate { opens_at, window }
                if Self::now() >= opens_at && window.is_open(Self::tick()) =>
            {
                Ok(pledge)
            }
            _ => Err(Refusal::RevealClosed),
        }
    }

    /// Settles the next holdout of a round that is over, or of any when `all`; answers whether there
    /// was one. Burns the bond of who was `asked` for it and did not reveal it.
    pub(crate) fn retire(
        federation: FederationId,
        state: &FederationOf<T>,
        all: bool,
        asked: bool,
    ) -> bool {
        let current = state.round.index;
        let next = Holdouts::<T>::iter_prefix((federation,))
            .find(|((round, _), _)| all || *round <= current);
        let Some(((round, evaluator), pledge)) = next else {
            return false;
        };
        Holdouts::<T>::remove((federation, round, &evaluator));
        for index in 0..pledge.received {
            StagedUpdates::<T>::remove((federation, &evaluator, index));
        }
        if pledge.root.is_none() {
            let is_late = asked && round <= current;
            Self::settle_bond(federation, state, &evaluator, pledge.bond, is_late);
        }
        true
    }

    /// The evaluators as they are.
    pub(crate) fn evaluators(federation: FederationId) -> Vec<EvaluatorView<T::AccountId>> {
        let mut holdouts: BTreeMap<T::AccountId, Vec<HoldoutView>> =
            Evaluators::<T>::iter_key_prefix(federation)
                .map(|evaluator| (evaluator, Vec::new()))
                .collect();
        for ((round, evaluator), pledge) in Holdouts::<T>::iter_prefix((federation,)) {
            holdouts.entry(evaluator).or_default().push(HoldoutView {
                round,
                commitment: pledge.hash,
                received: pledge.received,
                revealed: pledge.root.is_some(),
            });
        }
        holdouts
            .into_iter()
            .map(|(account, mut holdouts)| {
                holdouts.sort_by_key(|holdout| holdout.round);
                EvaluatorView { account, holdouts }
            })
            .collect()
    }

    /// The judgement of a round's model, where there was one.
    pub fn gate(federation: FederationId, round: u32) -> Option<GateRecord<T::AccountId>> {
        Gates::<T>::get(federation, round)
    }
}
