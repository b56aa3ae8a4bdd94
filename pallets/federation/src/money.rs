//! Holds: each is placed once and leaves once, returned, paid out or burned. And prepaid fees.

use frame_support::{
    traits::{
        Defensive,
        fungible::{InspectHold, Mutate, MutateHold},
        tokens::{Fortitude, Precision, Preservation, Restriction},
    },
    weights::{Weight, WeightToFee},
};
use sp_runtime::traits::{Saturating, Zero};

use crate::pallet::*;

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

    /// Pays `amount` of the owner's escrow to a client; what could not be paid stays in escrow.
    pub(crate) fn pay(
        federation: &mut FederationOf<T>,
        client: &T::AccountId,
        amount: BalanceOf<T>,
    ) {
        let paid = T::Currency::transfer_on_hold(
            &HoldReason::Escrow.into(),
            &federation.owner,
            client,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Polite,
        );
        federation.escrow = federation.escrow.saturating_sub(paid.unwrap_or_default());
    }

    /// What an account has held for `reason`.
    pub(crate) fn held(reason: HoldReason, who: &T::AccountId) -> BalanceOf<T> {
        T::Currency::balance_on_hold(&reason.into(), who)
    }
}
