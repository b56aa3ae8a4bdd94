//! Holds: each is placed once and leaves once, returned, paid out or burned. And prepaid fees.

use alloc::vec::Vec;
use frame_support::{
    traits::{
        Defensive,
        fungible::{InspectHold, Mutate, MutateHold, Unbalanced, UnbalancedHold},
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::{Weight, WeightToFee},
};
use sp_runtime::traits::{Saturating, Zero};

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

    /// Pays `each` of the owner's escrow to some clients, as one movement of the escrow; what could
    /// not be paid, for an account that is gone, stays in escrow.
    pub(crate) fn pay(
        federation: FederationId,
        state: &mut FederationOf<T>,
        mut clients: Vec<T::AccountId>,
        each: BalanceOf<T>,
    ) {
        if each.is_zero() {
            return;
        }
        clients
            .retain(|client| T::Currency::increase_balance(client, each, Precision::Exact).is_ok());
        if clients.is_empty() {
            return;
        }
        let paid = each.saturating_mul((clients.len() as u32).into());
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
            each,
        });
    }

    /// What an account has held for `reason`.
    pub(crate) fn held(reason: HoldReason, who: &T::AccountId) -> BalanceOf<T> {
        T::Currency::balance_on_hold(&reason.into(), who)
    }
}
