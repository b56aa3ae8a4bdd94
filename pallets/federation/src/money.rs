//! Holds: each is placed once and leaves once, returned, paid out or burned. And prepaid fees.

use alloc::vec::Vec;
use fedchain_fl::{Contributions, view::Outcome};
use frame_support::{
    traits::{
        Defensive,
        fungible::{InspectHold, Mutate, MutateHold, Unbalanced, UnbalancedHold},
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::{Weight, WeightToFee},
};
use sp_runtime::traits::{CheckedDiv, Saturating, Zero};

use crate::{pallet::*, types::FederationId};

impl<T: Config> Pallet<T> {
    /// Holds `amount`, or fails with `LowBalance`.
    pub(crate) fn hold(
        reason: HoldReason,
        who: &T::AccountId,
        amount: BalanceOf<T>,
    ) -> Result<(), Error<T>> {
        if amount.is_zero() {
            return Ok(());
        }
        T::Currency::hold(&reason.into(), who, amount).map_err(|_| Error::LowBalance)
    }

    /// Burns the fee of work that the runtime will do later, or fails with `LowBalance`.
    pub(crate) fn prepay(who: &T::AccountId, work: Weight) -> Result<(), Error<T>> {
        T::Currency::burn_from(
            who,
            Self::fee(work),
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )
        .map_err(|_| Error::LowBalance)?;
        Ok(())
    }

    /// The fee of work that the runtime will do later.
    pub(crate) fn fee(work: Weight) -> BalanceOf<T> {
        T::WeightToFee::weight_to_fee(&work)
    }

    /// Returns a held amount to its owner.
    pub(crate) fn release(reason: HoldReason, who: &T::AccountId, amount: BalanceOf<T>) {
        let _ =
            T::Currency::release(&reason.into(), who, amount, Precision::BestEffort).defensive();
    }

    /// Burns a held amount.
    pub(crate) fn burn(reason: HoldReason, who: &T::AccountId, amount: BalanceOf<T>) {
        let _ = T::Currency::burn_held(
            &reason.into(),
            who,
            amount,
            Precision::BestEffort,
            Fortitude::Force,
        )
        .defensive();
    }

    /// What an accepted update earns: the part of one of the `sharers`, all those that committed, or
    /// nothing where the gate pays by contribution and it has none. What others lose stays in escrow, so
    /// that nobody gains by it.
    pub(crate) fn earned(
        spec: &SpecOf<T>,
        job: &JobOf<T>,
        sharers: u32,
        outcome: Outcome,
        client: &T::AccountId,
    ) -> BalanceOf<T> {
        if !outcome.is_adopted() {
            return Zero::zero();
        }
        let part = spec.reward.checked_div(&sharers.into()).unwrap_or_default();
        let is_by_gain = outcome == Outcome::Adopted
            && (spec.gate.as_ref()).is_some_and(|gate| gate.contributions == Contributions::Paid);
        let Some(judgement) = job.judgement.as_ref().filter(|_| is_by_gain) else {
            return part;
        };
        let place = job.accepted.binary_search_by(|a| a.account.cmp(client));
        let gains = judgement.assessment.contributions();
        match place.ok().and_then(|place| gains.get(place)) {
            Some(1..) => part,
            Some(_) | None => Zero::zero(),
        }
    }

    /// Pays clients out of the owner's escrow, as one movement of it; what could not be paid, for an
    /// account that is gone, stays in escrow.
    pub(crate) fn pay(
        federation: FederationId,
        state: &mut FederationOf<T>,
        mut clients: Vec<(T::AccountId, BalanceOf<T>)>,
    ) {
        clients.retain(|(client, amount)| {
            !amount.is_zero()
                && T::Currency::increase_balance(client, *amount, Precision::Exact).is_ok()
        });
        if clients.is_empty() {
            return;
        }
        let paid = clients
            .iter()
            .fold(Zero::zero(), |sum: BalanceOf<T>, (_, amount)| {
                sum.saturating_add(*amount)
            });
        let _ = T::Currency::decrease_balance_on_hold(
            &HoldReason::Escrow.into(),
            &state.owner,
            paid,
            Precision::Exact,
        )
        .defensive();
        state.escrow = state.escrow.saturating_sub(paid);
        Self::deposit_event(Event::ClientsRewarded {
            federation,
            round: state.round.index,
            clients,
        });
    }

    /// What an account has held for `reason`.
    pub(crate) fn held(reason: HoldReason, who: &T::AccountId) -> BalanceOf<T> {
        T::Currency::balance_on_hold(&reason.into(), who)
    }
}
